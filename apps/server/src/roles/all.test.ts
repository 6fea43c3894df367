import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RtmpPublisher } from '@media-analyzer/media/rtmp';
import { type Analysis, type ServerMessage, type Stream, serverMessage } from '@media-analyzer/protocol';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../config/index.js';
import { silentLog } from '../log.js';
import { openDataDir } from '../storage/index.js';
import { embeddedDatabase, type TestDatabase } from '../storage/testing/databases.js';
import { makeFolder } from '../storage/testing/folders.js';
import { type Clip, readClip } from '../testing/clip.js';
import { type RunningServer, runAll } from './all.js';
import { PATHS } from './paths.js';

const MIRROR = process.env.MODELS_MIRROR ?? path.join(path.dirname(PATHS.manifest), '../../shared/models');
const PATIENCE = { timeout: 40_000, interval: 50 };

let clip: Clip;
beforeAll(async () => {
  clip = await readClip(PATHS.demoClip);
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of cleanups.splice(0).reverse()) await close();
});

async function dataFolder(): Promise<TestDatabase> {
  const folder = await embeddedDatabase();
  cleanups.push(() => folder.remove());
  return folder;
}

/** A server on free ports. */
async function start(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<RunningServer> {
  const models = path.join(dataDir, 'models');
  const config = loadConfig(
    { HOST: '127.0.0.1', PORT: '0', RTMP_PORT: '0', DATA_DIR: dataDir, MODELS_DIR: models, ...env },
    [],
  );
  const server = await runAll(config, silentLog);
  cleanups.push(() => server.close());
  return server;
}

function api({ httpUrl }: RunningServer) {
  const ask = async (method: string, url: string, body?: unknown) => {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(httpUrl + url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, json: <T>() => JSON.parse(text) as T };
  };
  return {
    ask,
    get: async <T>(url: string): Promise<T> => (await ask('GET', url)).json<T>(),
    stream: async (id: string): Promise<Stream> => (await ask('GET', `/api/streams/${id}`)).json<Stream>(),
    create: async (name: string): Promise<Stream> => (await ask('POST', '/api/streams', { name })).json<Stream>(),
  };
}

/** Sends the clip in real time, as an encoder does, until it is stopped. */
async function publish(stream: Stream) {
  const publisher = new RtmpPublisher();
  await publisher.connect(stream.ingestUrl);
  await publisher.publish();
  for (const track of clip.tracks) await publisher.writeTrack(track);
  let stopped = false;
  const startedAt = performance.now();
  const run = (async () => {
    for (const sample of clip.samples) {
      const waitMs = startedAt + sample.dtsMs - performance.now();
      if (waitMs > 5) await delay(waitMs);
      if (stopped) return;
      await publisher.writeSample(sample);
    }
  })();
  // Ends with the connection when the server stops first.
  run.catch(() => {});
  const stop = async (): Promise<void> => {
    stopped = true;
    await publisher.close();
  };
  cleanups.push(stop);
  return { stop };
}

/** What a browser that watches the stream is told. */
async function subscribe({ httpUrl }: RunningServer, streamId: string) {
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ws`);
  cleanups.push(async () => socket.terminate());
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => messages.push(serverMessage.parse(JSON.parse(String(data)))));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', streamId }));
  return {
    of: <T extends ServerMessage['type']>(type: T) =>
      messages.filter((one): one is Extract<ServerMessage, { type: T }> => one.type === type),
  };
}

/** A mirror that holds its answers back until it is told to give them. */
async function openMirror() {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = createHttpServer((request, response) => {
    void released
      .then(() => readFile(path.join(MIRROR, new URL(request.url ?? '', 'http://mirror').pathname)))
      .then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
  });
  cleanups.push(async () => {
    release();
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return { url: `http://127.0.0.1:${address.port}/`, release };
}

const segmentsOf = (playlist: string): string[] => playlist.split('\n').filter((line) => /^seg-\d+\.m4s$/.test(line));

async function mediaPlaylist(asked: ReturnType<typeof api>, stream: Stream): Promise<{ base: string; body: string }> {
  const index = await asked.ask('GET', stream.playbackUrl);
  const uri = index.text.split('\n').find((line) => line.endsWith('media.m3u8'));
  if (!uri) throw new Error(`no media playlist in: ${index.text}`);
  const base = `/hls/${stream.id}/${path.dirname(uri)}`;
  return { base, body: (await asked.ask('GET', `${base}/media.m3u8`)).text };
}

describe('role all', () => {
  it('takes a publisher, plays and analyses it, and keeps all of it over a restart', async () => {
    const data = await dataFolder();
    const first = await start(data.dataDir);
    const before = api(first);
    expect((await before.ask('GET', '/readyz')).status).toBe(200);
    const stream = await before.create('Studio');
    expect(stream).toMatchObject({ state: 'offline', ingestUrl: `${first.rtmpUrl}/live/${stream.streamKey}` });
    expect((await before.ask('PATCH', `/api/streams/${stream.id}`, { mode: 'batch' })).json()).toMatchObject({
      error: { code: 'mode_unavailable' },
    });

    const browser = await subscribe(first, stream.id);
    await publish(stream);
    await vi.waitUntil(
      () => browser.of('analysis').filter(({ detections }) => detections.length > 0).length > 10,
      PATIENCE,
    );
    const [seen] = browser.of('analysis');
    const live = await before.stream(stream.id);
    expect(live).toMatchObject({ state: 'live', session: { id: seen?.sessionId, video: { codec: 'h264' } } });
    await vi.waitUntil(async () => segmentsOf((await mediaPlaylist(before, stream)).body).length >= 2, PATIENCE);
    expect(browser.of('health').at(-1)).toMatchObject({
      state: 'live',
      visionProcess: 'running',
      mediaProcess: 'running',
    });
    // Those before the sixth that the browser got: a part of the session that does not change any more.
    const told = browser.of('analysis').sort((a, b) => a.ptsMs - b.ptsMs);
    const url = `/api/streams/${stream.id}/analyses?to=${told[5]!.ptsMs}`;
    const analyses = await before.get<{ items: Analysis[] }>(url);
    expect(analyses.items.map(({ ptsMs }) => ptsMs)).toEqual(told.slice(0, 5).map(({ ptsMs }) => ptsMs));
    await first.close();
    await expect(fetch(first.httpUrl)).rejects.toThrow();

    const second = await start(data.dataDir);
    const after = api(second);
    const again = await after.stream(stream.id);
    expect(again).toMatchObject({
      ...{ name: 'Studio', streamKey: stream.streamKey, state: 'ended' },
      session: { id: live.session!.id, epochAt: live.session!.epochAt, endReason: 'server_stopped' },
    });
    expect(await after.get(url)).toEqual(analyses);
    const { base, body } = await mediaPlaylist(after, again);
    expect(body).toContain('#EXT-X-ENDLIST');
    expect(segmentsOf(body).length).toBeGreaterThanOrEqual(2);
    for (const name of ['init-0.mp4', ...segmentsOf(body)])
      expect((await after.ask('GET', `${base}/${name}`)).status).toBe(200);
  });

  it('without its model does everything else, and begins to analyse the session on air when the model is fetched', async () => {
    const data = await dataFolder();
    const mirror = await openMirror();
    const server = await start(data.dataDir, { DETECTION_MODEL: 'deimv2-atto', MODELS_MIRROR: mirror.url });
    const { ask, create, stream: streamOf, get } = api(server);
    expect(await get('/api/system')).toMatchObject({ notices: [{ code: 'model_missing', severity: 'warning' }] });
    const stream = await create('Studio');
    const browser = await subscribe(server, stream.id);
    await publish(stream);
    await vi.waitUntil(() => browser.of('health').some(({ state }) => state === 'live'), PATIENCE);
    expect((await ask('GET', stream.playbackUrl)).status).toBe(200);
    const { session } = await streamOf(stream.id);
    expect(
      browser
        .of('health')
        .at(-1)
        ?.warnings.map(({ code }) => code),
    ).toContain('model_missing');
    expect(browser.of('analysis')).toEqual([]);

    // The server fetches what its mirror was set up for by itself; who asks as well, joins.
    expect((await ask('POST', '/api/models/deimv2-atto/fetch')).json()).toMatchObject({ state: 'fetching' });
    mirror.release();
    await vi.waitUntil(() => browser.of('analysis').length > 3, PATIENCE);
    expect(browser.of('analysis')[0]).toMatchObject({ model: 'deimv2-atto', sessionId: session?.id });
    expect((await streamOf(stream.id)).session).toMatchObject({ id: session?.id, gaps: [] });
    expect(await get('/api/system')).toMatchObject({ notices: [], visionProcess: 'running' });
  });

  it('changes the model under a session on air, keeps that over a restart, and follows a new DETECTION_MODEL', async () => {
    const data = await dataFolder();
    // On a machine that is busy with other tests, what comes late is still an answer.
    const env = { MODELS_DIR: MIRROR, FRAME_DEADLINE_MS: '5000' };
    const first = await start(data.dataDir, env);
    const { ask, create, stream: streamOf, get } = api(first);
    const use = (detectionModel: string | null) => ask('PATCH', '/api/system', { detectionModel });
    const stream = await create('Studio');
    const browser = await subscribe(first, stream.id);
    await publish(stream);
    const analysed = (model: string) => browser.of('analysis').filter((one) => one.model === model);
    await vi.waitUntil(() => analysed('yolox-nano').length > 5, PATIENCE);
    const { session } = await streamOf(stream.id);

    expect((await use('no-such-model')).json()).toMatchObject({ error: { code: 'model_unknown' } });
    const changed = await use('deimv2-atto');
    expect([changed.status, changed.json<{ model: string }>().model]).toEqual([200, 'deimv2-atto']);
    await vi.waitUntil(() => analysed('deimv2-atto').length > 5, PATIENCE);
    // One after the other, in the same session.
    const models = browser.of('analysis').map(({ model }) => model);
    expect(models.indexOf('deimv2-atto')).toBe(models.lastIndexOf('yolox-nano') + 1);
    expect((await streamOf(stream.id)).session).toMatchObject({ id: session?.id, gaps: [] });
    const { items } = await get<{ items: { name: string; active: boolean; inferenceMs: object | null }[] }>(
      '/api/models',
    );
    expect(items.filter(({ active }) => active).map(({ name }) => name)).toEqual(['deimv2-atto']);
    for (const name of ['yolox-nano', 'deimv2-atto'])
      expect(items.find((one) => one.name === name)?.inferenceMs).toMatchObject({ p50: expect.any(Number) });
    await first.close();

    const modelOf = async (change: NodeJS.ProcessEnv) => {
      const server = await start(data.dataDir, { ...env, ...change });
      const { model } = await api(server).get<{ model: string }>('/api/system');
      await server.close();
      return model;
    };
    expect(await modelOf({})).toBe('deimv2-atto');
    expect(await modelOf({ DETECTION_MODEL: 'deimv2-femto' })).toBe('deimv2-femto');
  }, 120_000);

  it('that cannot have a port says which, makes no database for nothing, and leaves nothing open', async () => {
    const data = await makeFolder();
    cleanups.push(() => data.remove());
    const holder = createServer();
    cleanups.push(async () => holder.close());
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const taken = typeof address === 'object' && address ? address.port : 0;
    for (const [variable, what] of [
      ['PORT', 'HTTP'],
      ['RTMP_PORT', 'RTMP'],
    ] as const) {
      await expect(start(data.path, { [variable]: String(taken) })).rejects.toMatchObject({
        code: 'port_in_use',
        details: { what, port: taken, variable },
      });
      const lock = await openDataDir({ path: data.path, log: silentLog });
      await lock.close();
    }
    expect(await readdir(data.path)).not.toContain('db');
  });
});
