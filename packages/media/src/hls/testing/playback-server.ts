import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CodedError } from '@media-analyzer/protocol';
import { LiveHlsPackager, type LiveHlsPackagerOptions, type SegmentInfo, type SegmentStore } from '../index.js';

/** A store in memory that can be told to fail. */
export class MemoryStore implements SegmentStore {
  readonly objects = new Map<string, Uint8Array>();
  /** Thrown by the next calls while set. */
  failure: Error | null = null;

  async putInit(name: string, bytes: Uint8Array): Promise<void> {
    this.put(name, bytes);
  }

  async putSegment(info: SegmentInfo, bytes: Uint8Array): Promise<void> {
    this.put(info.name, bytes);
  }

  private put(name: string, bytes: Uint8Array): void {
    if (this.failure) throw this.failure;
    // As a disk does: whoever hands them over may use their memory again.
    this.objects.set(name, bytes.slice());
  }
}

export interface PlaybackServer extends AsyncDisposable {
  readonly packager: LiveHlsPackager;
  readonly store: MemoryStore;
  readonly segments: SegmentInfo[];
  /** Address of the folder with `index.m3u8` and `media.m3u8`. */
  readonly url: string;
}

/** Serves one packager over HTTP, as the product's playback routes do. */
export async function startPlayback(options: Partial<LiveHlsPackagerOptions> = {}): Promise<PlaybackServer> {
  const store = new MemoryStore();
  const segments: SegmentInfo[] = [];
  const packager = new LiveHlsPackager({
    epochAt: 1_700_000_000_000,
    store,
    onSegment: (info) => segments.push(info),
    ...options,
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('access-control-allow-origin', '*');
    serve(packager, store, url).then(
      (answer) => {
        if (!answer) response.writeHead(404).end();
        else response.writeHead(200, { 'content-type': answer.type }).end(answer.body);
      },
      (error: unknown) => {
        response.writeHead(error instanceof CodedError ? error.status : 500).end(String(error));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { packager, store, segments, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => close(server) };
}

async function serve(
  packager: LiveHlsPackager,
  store: MemoryStore,
  url: URL,
): Promise<{ type: string; body: string | Uint8Array } | null> {
  const name = url.pathname.slice(1);
  const number = (key: string): number | undefined =>
    url.searchParams.has(key) ? Number(url.searchParams.get(key)) : undefined;
  if (name === 'index.m3u8') {
    await packager.whenPlayable(6000);
    const body = packager.multivariantPlaylist();
    return body === null ? null : { type: 'application/vnd.apple.mpegurl', body };
  }
  if (name === 'media.m3u8') {
    const skip = url.searchParams.get('_HLS_skip');
    const { body } = await packager.mediaPlaylist({
      msn: number('_HLS_msn'),
      part: number('_HLS_part'),
      skip: skip === 'YES' || skip === 'v2',
    });
    return { type: 'application/vnd.apple.mpegurl', body };
  }
  const bytes = (await packager.resource(name))?.bytes ?? store.objects.get(name);
  return bytes ? { type: 'video/mp4', body: bytes } : null;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
