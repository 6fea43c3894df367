/**
 * A stand-in for the server while working on the dashboard: `npx tsx apps/dashboard/mock/server.ts [--port 8080] [--clip FILE]`.
 * Streams in every state, a clip that plays as live HLS with real results, and a few switches under `/mock` to get to states that
 * pass quickly. Development only; the real server is `apps/server`.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  CodedError,
  clientMessage,
  createStream,
  type ModelStatus,
  type Notice,
  type ServerMessage,
  type Stream,
  streamState,
  updateStream,
} from '@media-analyzer/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { MULTIVARIANT, mediaPlaylist, prepareClip, START_MS, sessionSegment } from './clip.ts';
import {
  ANALYSIS_EVERY_MS,
  allModels,
  allStates,
  analysisOf,
  healthOf,
  makeSession,
  makeStream,
  systemStatus,
} from './streams.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    clip: { type: 'string', default: join(repository, '../shared/media/video/pedestrian_street_480p25.mp4') },
  },
});
const DASHBOARD = join(repository, 'apps/dashboard/dist/browser');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4',
};

const clip = await prepareClip(flags.clip);
const state = {
  streams: allStates(),
  models: allModels(),
  notices: [] as Notice[],
  demo: { running: false, streamId: null as string | null },
};
interface Client {
  readonly socket: WebSocket;
  readonly subscribed: Set<string>;
  watching: boolean;
}
const clients = new Set<Client>();

const find = (id: string): Stream => {
  const stream = state.streams.find((item) => item.id === id);
  if (!stream) throw new CodedError('stream_not_found', { streamId: id });
  return stream;
};
const modelReady = () => state.models.some((model) => model.active && model.state === 'ready');

function tell(message: ServerMessage, to: (client: Client) => boolean): void {
  for (const client of clients) if (to(client)) client.socket.send(JSON.stringify(message));
}

function putStream(stream: Stream): Stream {
  state.streams = [...state.streams.filter((item) => item.id !== stream.id), stream];
  tell({ type: 'stream', stream }, (client) => client.watching || client.subscribed.has(stream.id));
  return stream;
}

function putModel(model: ModelStatus): ModelStatus {
  state.models = state.models.map((item) => (item.name === model.name ? model : item));
  tell({ type: 'model', model }, (client) => client.watching);
  return model;
}

function fetchModel(name: string): ModelStatus {
  const model = state.models.find((item) => item.name === name);
  if (!model)
    throw new CodedError('model_unknown', { model: name, available: state.models.map((item) => item.name).join(', ') });
  const timer = setInterval(() => {
    const current = state.models.find((item) => item.name === name);
    if (current?.state !== 'fetching') return clearInterval(timer);
    const fetchedBytes = Math.min(current.bytes, current.fetchedBytes + current.bytes / 20);
    putModel({
      ...current,
      fetchedBytes: Math.round(fetchedBytes),
      state: fetchedBytes >= current.bytes ? 'ready' : 'fetching',
    });
  }, 250);
  return putModel({ ...model, state: 'fetching', fetchedBytes: 0, problem: null });
}

/** `/mock/...`: brings about what takes long or happens rarely. */
function command(path: string, query: URLSearchParams): unknown {
  switch (path) {
    case '/mock/empty':
      state.streams = [];
      break;
    case '/mock/reset':
      Object.assign(state, { streams: allStates(), models: allModels(), notices: [] });
      break;
    case '/mock/state': {
      const stream = find(query.get('id') ?? '');
      const next = streamState.parse(query.get('state'));
      const reconnectUntilAt = next === 'reconnecting' ? Date.now() + 27_000 : null;
      const session = query.has('new-session')
        ? makeSession(stream.id, {
            id: `session-${Date.now()}`,
            epochAt: Date.now() - 8000,
            startedAt: Date.now() - 8000,
          })
        : stream.session && { ...stream.session, endedAt: next === 'ended' ? Date.now() : null };
      return putStream({ ...stream, state: next, reconnectUntilAt, session });
    }
    case '/mock/model-missing':
      state.models = state.models.map((model) => (model.active ? { ...model, state: 'missing' } : model));
      break;
    case '/mock/notice':
      state.notices = [
        {
          code: 'storage_full',
          message: 'The disk of /data is full; segments are not stored until there is room',
          severity: 'error',
          streamId: null,
          since: Date.now(),
        },
      ];
      break;
    default:
      throw new CodedError('route_not_found', { method: 'GET', path });
  }
  tell(
    { type: 'watching', streams: state.streams, models: state.models, notices: state.notices },
    (client) => client.watching,
  );
  return { ok: true };
}

async function api(method: string, path: string, query: URLSearchParams, body: unknown): Promise<unknown> {
  const [, , kind, id = '', action = ''] = path.split('/');
  const route = `${method} ${kind}${id ? '/:id' : ''}${action ? `/${action}` : ''}`;
  switch (route) {
    case 'GET streams':
      return { items: state.streams, nextCursor: null };
    case 'POST streams':
      return putStream(makeStream({ id: `s${Date.now()}`, name: createStream.parse(body).name }));
    case 'GET streams/:id':
      return find(id);
    case 'PATCH streams/:id': {
      const stream = find(id);
      const patch = updateStream.parse(body);
      return putStream({
        ...stream,
        name: patch.name ?? stream.name,
        retention: { ...stream.retention, ...patch.retention },
      });
    }
    case 'DELETE streams/:id':
      find(id);
      state.streams = state.streams.filter((stream) => stream.id !== id);
      tell({ type: 'stream-removed', streamId: id }, () => true);
      return null;
    case 'POST streams/:id/key':
      return putStream({ ...find(id), streamKey: `live_${Date.now().toString(36)}` });
    case 'GET streams/:id/health':
      return healthOf(find(id), modelReady());
    case 'GET streams/:id/analyses': {
      const stream = find(id);
      const from = Number(query.get('from') ?? 0);
      const to = Math.min(Number(query.get('to') ?? 0), Date.now() - (stream.session?.epochAt ?? 0));
      const items = [];
      const first = Math.max(0, Math.ceil((from - START_MS) / ANALYSIS_EVERY_MS));
      for (let index = first; START_MS + index * ANALYSIS_EVERY_MS < to; index++) items.push(analysisOf(stream, index));
      return { items: modelReady() ? items : [], nextCursor: null };
    }
    case 'GET models':
      return { items: state.models, nextCursor: null };
    case 'POST models/:id/fetch':
      return fetchModel(id);
    case 'GET system':
      return systemStatus(state.notices, state.demo);
    case 'POST demo':
      state.streams = allStates();
      state.demo = { running: true, streamId: 'street' };
      return state.demo;
    case 'DELETE demo':
      state.demo = { running: false, streamId: null };
      return state.demo;
    default:
      throw new CodedError('route_not_found', { method, path });
  }
}

function playlist(stream: Stream): string {
  const { session } = stream;
  if (!session) throw new CodedError('playback_not_found', { path: stream.playbackUrl });
  // While the publisher is away nothing new comes.
  const stopped = stream.state === 'reconnecting' || stream.state === 'ended';
  const now = stopped ? session.epochAt + session.durationMs : Date.now();
  return mediaPlaylist({ clip, epochAt: session.epochAt, now, windowMs: 120_000, ended: stream.state === 'ended' });
}

function file(response: ServerResponse, path: string): void {
  response.writeHead(200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
  });
  createReadStream(path).pipe(response);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { pathname } = url;
  const method = request.method ?? 'GET';
  if (pathname.startsWith('/hls/')) {
    const [, , id = '', name = ''] = pathname.split('/');
    if (name.endsWith('.m4s')) {
      response.writeHead(200, { 'content-type': 'video/iso.segment' });
      response.end(await sessionSegment(clip, Number.parseInt(name, 10)));
      return;
    }
    if (!name.endsWith('.m3u8')) return file(response, join(clip.dir, normalize(name)));
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' });
    response.end(name === 'index.m3u8' ? MULTIVARIANT : playlist(find(id)));
    return;
  }
  if (pathname.endsWith('/thumbnail.jpg'))
    return file(response, join(clip.dir, `t${1 + (Math.floor(Date.now() / 2000) % 6)}.jpg`));
  if (pathname.startsWith('/api/') || pathname.startsWith('/mock/')) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body: unknown = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    const result = pathname.startsWith('/mock/')
      ? command(pathname, url.searchParams)
      : await api(method, pathname, url.searchParams, body);
    response.writeHead(result === null ? 204 : method === 'POST' && pathname === '/api/streams' ? 201 : 200, {
      'content-type': 'application/json',
    });
    response.end(result === null ? undefined : JSON.stringify(result));
    return;
  }
  const asset = join(DASHBOARD, normalize(pathname));
  file(response, extname(pathname) && existsSync(asset) ? asset : join(DASHBOARD, 'index.html'));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const coded = error instanceof CodedError ? error : new CodedError('validation_failed', { problem: String(error) });
    response.writeHead(coded.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: coded.code, message: coded.message } }));
  });
});

new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => {
  const client: Client = { socket, subscribed: new Set(), watching: false };
  clients.add(client);
  const send = (message: ServerMessage) => socket.send(JSON.stringify(message));
  send({ type: 'hello', serverAt: Date.now(), version: '0.1.0' });
  socket.on('close', () => clients.delete(client));
  socket.on('message', (data) => {
    const message = clientMessage.parse(JSON.parse(String(data)));
    switch (message.type) {
      case 'watch':
        client.watching = true;
        return send({ type: 'watching', streams: state.streams, models: state.models, notices: state.notices });
      case 'subscribe': {
        const stream = state.streams.find((item) => item.id === message.streamId);
        if (!stream) {
          const { code, message: text } = new CodedError('stream_not_found', { streamId: message.streamId });
          return send({ type: 'error', streamId: message.streamId, error: { code, message: text } });
        }
        client.subscribed.add(message.streamId);
        return send({ type: 'subscribed', streamId: stream.id, stream, session: stream.session });
      }
      case 'unsubscribe':
        client.subscribed.delete(message.streamId);
        return send({ type: 'unsubscribed', streamId: message.streamId });
      case 'ping':
        return send({ type: 'pong', at: message.at, serverAt: Date.now() });
      case 'alignment':
        console.log(
          `alignment of ${message.streamId}: ${message.errorsMs.length} frames, worst ${Math.max(...message.errorsMs).toFixed(1)} ms`,
        );
        return;
      default:
        message satisfies never;
    }
  });
});

const sent = new Map<string, number>();
setInterval(() => {
  for (const stream of state.streams) {
    const { session } = stream;
    if (stream.state !== 'live' || !session?.video || !modelReady()) continue;
    const due = Math.floor((Date.now() - 90 - START_MS - session.epochAt) / ANALYSIS_EVERY_MS);
    for (let index = Math.max(sent.get(session.id) ?? due, due - 10); index < due; index++) {
      const analysis = analysisOf(stream, index);
      if (analysis) tell({ type: 'analysis', missed: 0, ...analysis }, (client) => client.subscribed.has(stream.id));
    }
    sent.set(session.id, due);
  }
}, 40);
setInterval(() => {
  for (const stream of state.streams) {
    tell({ type: 'health', ...healthOf(stream, modelReady()) }, (client) => client.subscribed.has(stream.id));
  }
}, 1000);

server.listen(Number(flags.port), '127.0.0.1', () => console.log(`mock server at http://127.0.0.1:${flags.port}`));
