import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Child } from '../harness/child.js';
import { makeTemporaryFolder } from '../harness/paths.js';
import { freePort } from '../harness/ports.js';
import { treeCpuSeconds, treeSystemSeconds } from '../harness/process-tree.js';
import { findProgram } from '../harness/programs.js';
import { until } from '../harness/wait.js';

/** Another RTMP-to-HLS server, doing the same work on the same input. */
export interface Peer {
  readonly name: string;
  /** What was run, for the report. */
  readonly command: string;
  /** Address to publish to. */
  readonly url: string;
  /** CPU seconds of its whole tree so far. */
  cpuSeconds(): number;
  /** Of these, in the kernel. */
  systemSeconds(): number;
  /** Media segments that it has written so far, of all its streams, those that it deleted again included. */
  segments(): number;
  stop(): Promise<void>;
}

/** `ffmpeg` as a server for one publisher: receives RTMP, copies into HLS, two-second segments. */
export async function startFfmpegPeer(): Promise<Peer> {
  const folder = await makeTemporaryFolder('ffmpeg-hls');
  const port = await freePort();
  const url = `rtmp://127.0.0.1:${port}/live/peer`;
  const options = '-c copy -f hls -hls_time 2 -hls_list_size 10 -hls_flags delete_segments';
  const child = new Child('ffmpeg peer', findProgram('ffmpeg'), [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-listen', '1', '-i', url],
    ...options.split(' '),
    path.join(folder.path, 'index.m3u8'),
  ]);
  await until(() => isListening(port), { what: 'listening ffmpeg', withinMs: 15_000 }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${child.tail()}`);
  });
  return {
    name: 'ffmpeg',
    command: `ffmpeg -listen 1 -i rtmp://... ${options}`,
    url,
    cpuSeconds: () => treeCpuSeconds(child.pid),
    systemSeconds: () => treeSystemSeconds(child.pid),
    segments: () => countSegments(folder.path),
    stop: async () => {
      // It ends with 255 on a signal; that is its way of saying goodbye.
      await child.stop({ signal: 'SIGINT' });
      await folder.remove();
    },
  };
}

/** NGINX with nginx-rtmp: one worker, two-second HLS fragments. */
export async function startNginxPeer(): Promise<Peer> {
  const folder = await makeTemporaryFolder('nginx-hls');
  const port = await freePort();
  const file = path.join(folder.path, 'nginx.conf');
  await mkdir(path.join(folder.path, 'hls'));
  await writeFile(file, nginxConfiguration(folder.path, port));
  const child = new Child('nginx peer', findProgram('nginx'), [
    '-p',
    folder.path,
    '-c',
    file,
    '-e',
    path.join(folder.path, 'error.log'),
  ]);
  await until(() => canConnect(port), { what: 'listening nginx', withinMs: 5000 }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${child.tail()}`);
  });
  return {
    name: 'nginx-rtmp',
    command: 'nginx, libnginx-mod-rtmp: hls on; hls_fragment 2s; hls_playlist_length 20s',
    url: `rtmp://127.0.0.1:${port}/live/peer`,
    cpuSeconds: () => treeCpuSeconds(child.pid),
    systemSeconds: () => treeSystemSeconds(child.pid),
    segments: () => countSegments(path.join(folder.path, 'hls')),
    stop: async () => {
      await child.stop({ signal: 'SIGTERM' });
      await folder.remove();
    },
  };
}

/** Old ones are deleted: the newest number of each stream tells how many there were. Both count from 0. */
function countSegments(folder: string): number {
  const written = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const [, stream = '', number] = /^(.*?)(\d+)\.ts$/.exec(name) ?? [];
    if (number !== undefined) written.set(stream, Math.max(written.get(stream) ?? 0, Number(number) + 1));
  }
  return [...written.values()].reduce((total, count) => total + count, 0);
}

function nginxConfiguration(folder: string, port: number): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
# Its folder belongs to whoever runs this.
${process.getuid?.() === 0 ? 'user root;' : ''}
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
events { worker_connections 64; }
rtmp {
  server {
    listen 127.0.0.1:${port};
    access_log off;
    application live {
      live on;
      hls on;
      hls_path ${folder}/hls;
      hls_fragment 2s;
      hls_playlist_length 20s;
    }
  }
}
`;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Asked of the kernel (proc(5), `/proc/net/tcp`): ffmpeg serves one connection, which a try to connect would use up. */
function isListening(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .some((line) => {
        const [, address, , state] = line.trim().split(/\s+/);
        return address?.endsWith(local) === true && state === '0A';
      }),
  );
}
