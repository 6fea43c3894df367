/** The HTTP server over in-memory services, for tests. */
import { Readable } from 'node:stream';
import {
  type Analysis,
  CodedError,
  type DownloadQuery,
  type Interval,
  type PresenceQuery,
  type RecordingsQuery,
  type Stream,
  type UpdateSystem,
  type ViewerFilter,
} from '@media-analyzer/protocol';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { createMetrics } from '../../metrics.js';
import {
  makeAnalysis,
  makeHealth,
  makeInterval,
  makeModel,
  makeNotice,
  makeRecording,
  makeStream,
  makeSystemStatus,
} from '../../testing/fixtures.js';
import { buildHttpServer, type HttpOptions, type LiveEndpoint } from '../server.js';
import type {
  AnalysisService,
  HttpServices,
  IntervalService,
  MediaPlaylistRequest,
  ModelService,
  PageRequest,
  PlaybackService,
  RecordingService,
  StreamService,
  SystemService,
} from '../services.js';

export const PLAYLIST = `#EXTM3U\n#EXT-X-VERSION:9\n${'#EXTINF:2.00000,\nseg-1.m4s\n'.repeat(60)}`;
export const SEGMENT = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);

/** Streams in a map; analyses of one session. Everything is public: tests set the scene and look at the outcome. */
export class FakeStreams implements StreamService, AnalysisService, IntervalService {
  readonly streams = new Map<string, Stream>([['stream-1', makeStream()]]);
  readonly analyses: Analysis[] = [makeAnalysis()];
  picture: { bytes: Uint8Array; at: number } | null = {
    bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0xd9),
    at: 1_790_000_000_000,
  };

  async list({ limit, cursor }: { limit: number; cursor?: string | undefined }) {
    if (cursor !== undefined && !/^\d+$/.test(cursor)) throw new CodedError('cursor_invalid', { cursor });
    const start = Number(cursor ?? 0);
    const all = [...this.streams.values()];
    return {
      items: all.slice(start, start + limit),
      nextCursor: start + limit < all.length ? String(start + limit) : null,
    };
  }

  async create({ name }: { name: string }) {
    const stream = makeStream({ id: `stream-${this.streams.size + 1}`, name, state: 'offline', session: null });
    this.streams.set(stream.id, stream);
    return stream;
  }

  async get(streamId: string) {
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw new CodedError('stream_not_found', { streamId });
    return stream;
  }

  async update(
    streamId: string,
    { name, mode }: { name?: string | undefined; mode?: 'realtime' | 'batch' | undefined },
  ) {
    const before = await this.get(streamId);
    if (mode === 'batch') throw new CodedError('mode_unavailable', { mode, available: 'realtime' });
    const after = { ...before, name: name ?? before.name };
    this.streams.set(streamId, after);
    return after;
  }

  async remove(streamId: string) {
    const { state } = await this.get(streamId);
    if (state === 'live') throw new CodedError('stream_live', { streamId });
    this.streams.delete(streamId);
  }

  async rotateKey(streamId: string) {
    return { ...(await this.get(streamId)), streamKey: 'key-2' };
  }

  async health(streamId: string) {
    await this.get(streamId);
    return makeHealth({ streamId });
  }

  async thumbnail(streamId: string) {
    await this.get(streamId);
    return this.picture;
  }

  readonly intervals: Interval[] = [makeInterval()];

  async open(streamId: string, { session }: { session?: string | undefined }) {
    await this.get(streamId);
    if (session !== undefined && session !== 'session-1')
      throw new CodedError('session_not_found', { streamId, sessionId: session });
    return {
      epochAt: 1_790_000_000_000,
      page: async ({ limit, cursor }: PageRequest) => {
        if (cursor !== undefined && !/^\d+$/.test(cursor)) throw new CodedError('cursor_invalid', { cursor });
        const start = Number(cursor ?? 0);
        const end = start + limit;
        const nextCursor = end < this.intervals.length ? String(end) : null;
        return { items: this.intervals.slice(start, end), nextCursor };
      },
    };
  }

  async query(
    streamId: string,
    { from = 0, to = Number.POSITIVE_INFINITY }: { from?: number | undefined; to?: number | undefined },
  ) {
    await this.get(streamId);
    return { items: this.analyses.filter(({ ptsMs }) => ptsMs >= from && ptsMs < to), nextCursor: null };
  }
}

/** One session of each stream, on air until a test ends it, with one picture. */
export class FakeRecordings implements RecordingService {
  recording = makeRecording();
  picturePtsMs: number | null = 5000;
  readonly queries: ViewerFilter[] = [];

  async list(streamId: string, query: RecordingsQuery) {
    this.#find(streamId);
    this.queries.push(query);
    return { items: [this.recording], nextCursor: null };
  }

  async get(streamId: string, sessionId: string, filter: ViewerFilter) {
    this.queries.push(filter);
    return this.#find(streamId, sessionId);
  }

  async remove(streamId: string, sessionId: string) {
    if (this.#find(streamId, sessionId).onAir) throw new CodedError('session_live', { sessionId });
  }

  async picture(streamId: string, sessionId: string, atMs = Number.MAX_SAFE_INTEGER) {
    this.#find(streamId, sessionId);
    const ptsMs = this.picturePtsMs;
    if (ptsMs === null) throw new CodedError('picture_not_found', { sessionId, atMs });
    return { ptsMs, settled: atMs < 10_000, open: async () => Readable.from([Buffer.of(0xff, 0xd8, 0xff, 0xd9)]) };
  }

  async download(streamId: string, sessionId: string, { part }: DownloadQuery) {
    this.#find(streamId, sessionId);
    if (part === undefined && this.recording.parts > 1)
      throw new CodedError('download_in_parts', { sessionId, parts: this.recording.parts });
    const open = (range?: { start: number; end: number }) =>
      Readable.from([Buffer.from(range === undefined ? SEGMENT : SEGMENT.subarray(range.start, range.end + 1))]);
    return { size: SEGMENT.length, startsAt: 1_790_000_000_000, etag: 'download-1', open };
  }

  async presence(streamId: string, query: PresenceQuery) {
    this.#find(streamId);
    this.queries.push(query);
    return {
      sessionId: 'session-1',
      fromMs: 0,
      pictures: true,
      everyMs: 1000,
      analysed: [10, 0],
      classes: [{ label: 'dog', most: [2, 0], comesMs: [120] }],
    };
  }

  #find(streamId: string, sessionId = 'session-1') {
    if (streamId !== 'stream-1') throw new CodedError('stream_not_found', { streamId });
    if (sessionId !== 'session-1') throw new CodedError('session_not_found', { streamId, sessionId });
    return this.recording;
  }
}

/** One live session with one segment in memory and one on disk. */
export class FakePlayback implements PlaybackService {
  ended = false;
  /** What was asked for, to see what arrives here at all. */
  readonly requests: MediaPlaylistRequest[] = [];
  readonly fileRequests: string[] = [];
  readonly opened: string[] = [];
  /** The segment that is in memory, and how often it was released. */
  held: Uint8Array = SEGMENT;
  released = 0;
  /** Set: media playlists wait for it. */
  block: Promise<void> | null = null;

  /** Set: the session has no segment yet. */
  notReady = false;

  async multivariant(streamId: string, sessionId?: string) {
    if (this.notReady) throw new CodedError('playback_not_ready', { path: '/hls', retryAfterSeconds: 1 });
    if (streamId !== 'stream-1') throw new CodedError('stream_not_found', { streamId });
    if (sessionId !== undefined && sessionId !== 'session-1')
      throw new CodedError('session_not_found', { streamId, sessionId });
    return { body: PLAYLIST, etag: 'multi-1', ended: this.ended };
  }

  async mediaPlaylist(streamId: string, sessionId: string, request: MediaPlaylistRequest) {
    if (this.notReady) throw new CodedError('playback_not_ready', { path: '/hls', retryAfterSeconds: 1 });
    this.requests.push(request);
    if (sessionId !== 'session-1') throw new CodedError('session_not_found', { streamId, sessionId });
    if (request.msn !== undefined && request.msn > 100)
      throw new CodedError('playlist_too_far_ahead', { msn: request.msn, edge: 12 });
    await this.block;
    return { body: PLAYLIST, etag: 'media-1', ended: this.ended };
  }

  async recording(streamId: string, sessionId: string) {
    if (sessionId !== 'session-1') throw new CodedError('session_not_found', { streamId, sessionId });
    return { body: PLAYLIST, etag: 'recording-1', ended: this.ended };
  }

  async file(_streamId: string, _sessionId: string, name: string) {
    this.fileRequests.push(name);
    if (name === 'seg-1.m4s') return { bytes: this.held, release: () => void this.released++ };
    if (name === 'seg-0.m4s') {
      return {
        size: SEGMENT.byteLength,
        open: (range?: { start: number; end: number }) => {
          this.opened.push(range === undefined ? 'all' : `${range.start}-${range.end}`);
          return Readable.from([
            Buffer.from(range === undefined ? SEGMENT : SEGMENT.subarray(range.start, range.end + 1)),
          ]);
        },
      };
    }
    return null;
  }
}

export class FakeModels implements ModelService {
  async list() {
    return [makeModel(), makeModel({ name: 'yolox-s', state: 'missing', active: false, fetchedBytes: 0 })];
  }

  async labels(name: string) {
    if (name !== 'yolox-nano') throw new CodedError('model_unknown', { model: name, available: 'yolox-nano, yolox-s' });
    return ['person', 'dog'];
  }

  async fetch(name: string) {
    if (name !== 'yolox-s') throw new CodedError('model_unknown', { model: name, available: 'yolox-nano, yolox-s' });
    return makeModel({ name, state: 'fetching', active: false, fetchedBytes: 0 });
  }
}

export class FakeSystem implements SystemService {
  problems: { code: 'database_unreachable'; message: string }[] = [];
  running = false;

  async status() {
    return makeSystemStatus({ model: this.model, demo: await this.#demo() });
  }

  async notices() {
    const { since, ...notice } = makeNotice();
    return [{ ...notice, id: 'notice-1', since, lastAt: since + 1000, times: 2, overAt: null }];
  }

  /** The model in use. */
  model: string | null = 'yolox-nano';

  async update({ detectionModel }: UpdateSystem) {
    if (detectionModel === 'broken')
      throw new CodedError('model_switch_failed', { model: 'broken', problem: 'no ONNX file', kept: 'yolox-nano' });
    if (detectionModel === 'absent')
      throw new CodedError('model_unknown', { model: 'absent', available: 'yolox-nano' });
    if (detectionModel !== undefined) this.model = detectionModel ?? 'yolox-nano';
    return this.status();
  }

  async ready() {
    return { ready: this.problems.length === 0, problems: this.problems };
  }

  startDemo() {
    this.running = true;
    return this.#demo();
  }

  stopDemo() {
    this.running = false;
    return this.#demo();
  }

  async #demo() {
    return { running: this.running, streamId: this.running ? 'demo' : null };
  }
}

export interface TestServer extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly streams: FakeStreams;
  readonly recordings: FakeRecordings;
  readonly playback: FakePlayback;
  readonly system: FakeSystem;
  readonly metrics: ReturnType<typeof createMetrics>;
  /** Lines that were logged. */
  readonly log: string[];
  /** Listens on a free port and says which. */
  listen(): Promise<number>;
}

/** Says `welcome` to every socket, so that a test sees that the upgrade went through. */
const greeter: LiveEndpoint = {
  accept: (socket) => socket.send('welcome'),
  close: async () => {},
};

export async function startTestServer(
  change: Partial<HttpOptions> & { replace?: Partial<HttpServices> } = {},
): Promise<TestServer> {
  const { replace, ...options } = change;
  const streams = new FakeStreams();
  const recordings = new FakeRecordings();
  const playback = new FakePlayback();
  const system = new FakeSystem();
  const metrics = createMetrics();
  const log: string[] = [];
  const app = await buildHttpServer({
    host: '127.0.0.1',
    allowedHosts: [],
    allowedOrigins: [],
    dashboardDir: '/nonexistent/dashboard',
    version: '0.1.0',
    services: {
      streams,
      recordings,
      analyses: streams,
      intervals: streams,
      playback,
      models: new FakeModels(),
      system,
      ...replace,
    },
    live: greeter,
    metrics,
    logger: pino({ level: 'info' }, { write: (line: string) => log.push(line) }),
    ...options,
  });
  return {
    app,
    streams,
    recordings,
    playback,
    system,
    metrics,
    log,
    listen: async () => {
      await app.listen({ port: 0, host: '127.0.0.1' });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw new Error('no port was given');
      return address.port;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}
