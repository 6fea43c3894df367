import {
  CodedError,
  type CreateStream,
  type ErrorCode,
  type ErrorDetails,
  type Page,
  type Problem,
  type Retention,
  type Session,
  type Stream,
  type StreamHealth,
  type UpdateStream,
} from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import { liveHealth, offAirHealth } from './health.js';
import { LiveSession, type SessionSink } from './live-session.js';
import type {
  AnalysisOfSessions,
  MediaObjects,
  PageRequest,
  PublisherConnection,
  SegmentRows,
  SessionRows,
  StreamEvents,
  StreamMetrics,
  StreamRecord,
  StreamRows,
} from './ports.js';
import { SessionRecorder } from './session-recorder.js';

/** A session that ended stays playable from memory this long, ms: players at its edge see their own playlist end. */
const LINGER_MS = 60_000;
/** A stream on air is announced this often, ms, so that lists see its duration and size grow. */
const ANNOUNCE_MS = 5000;

export interface StreamServiceOptions {
  readonly streams: StreamRows;
  readonly sessions: SessionRows;
  readonly segments: SegmentRows;
  readonly objects: MediaObjects;
  readonly analysis: AnalysisOfSessions;
  readonly events: StreamEvents;
  readonly metrics: StreamMetrics;
  readonly log: Logger;
  readonly packaging: { readonly segmentTargetMs: number; readonly partTargetMs: number; readonly dvrWindowMs: number };
  readonly reconnectWindowMs: number;
  /** A publisher that sent nothing for this long gives way to a newcomer with the same key, ms. */
  readonly takeoverMs: number;
  /** What a new stream gets. */
  readonly retention: Retention;
  /** `rtmp://host:port/live`, known once the RTMP port is open. */
  ingestServer(): string;
}

/** A publisher that asks for a stream. The RTMP server's request fits. */
export interface PublisherRequest {
  readonly streamKey: string;
  readonly encoder: string | null;
  readonly connection: PublisherConnection;
}

export type Admission =
  | { readonly accept: true; readonly sink: SessionSink }
  | { readonly accept: false; readonly code: ErrorCode; readonly details?: ErrorDetails };

/** Streams and what is on air: the one place that knows both the stored and the live side of a stream. */
export class StreamService {
  readonly #options: StreamServiceOptions;
  readonly #live = new Map<string, LiveSession>();
  /** Sessions that ended a moment ago, by session id. */
  readonly #lingering = new Map<string, { readonly session: LiveSession; readonly timer: NodeJS.Timeout }>();
  /** Streams for which a publisher is being admitted: the database is asked in between. */
  readonly #admitting = new Set<string>();
  readonly #announcer: NodeJS.Timeout;
  #stopping = false;

  constructor(options: StreamServiceOptions) {
    this.#options = options;
    this.#announcer = setInterval(() => {
      for (const streamId of this.#live.keys()) this.#announce(streamId);
    }, ANNOUNCE_MS).unref();
  }

  /** Sessions on air, waiting ones included, by stream id. */
  get live(): ReadonlyMap<string, LiveSession> {
    return this.#live;
  }

  /** The session while its packager is in memory: on air, or ended a moment ago. */
  packagedSession(streamId: string, sessionId: string): LiveSession | null {
    const live = this.#live.get(streamId);
    if (live?.id === sessionId) return live;
    return this.#lingering.get(sessionId)?.session ?? null;
  }

  async list(page: PageRequest): Promise<Page<Stream>> {
    const { items, nextCursor } = await this.#options.streams.list(page);
    const newest = await this.#options.sessions.newestOf(items.map(({ id }) => id));
    return { items: items.map((record) => this.#describe(record, newest.get(record.id) ?? null)), nextCursor };
  }

  async create({ name, retention }: CreateStream): Promise<Stream> {
    const record = await this.#options.streams.create({
      name,
      mode: 'realtime',
      retention: {
        maxAgeMs: retention?.maxAgeMs === undefined ? this.#options.retention.maxAgeMs : retention.maxAgeMs,
        maxBytes: retention?.maxBytes === undefined ? this.#options.retention.maxBytes : retention.maxBytes,
      },
    });
    this.#options.log.info({ streamId: record.id }, 'stream created');
    const stream = this.#describe(record, null);
    this.#options.events.changed(stream);
    return stream;
  }

  async get(streamId: string): Promise<Stream> {
    return this.#load(await this.#options.streams.get(streamId));
  }

  async update(streamId: string, { name, mode, retention }: UpdateStream): Promise<Stream> {
    if (mode !== undefined && mode !== 'realtime')
      throw new CodedError('mode_unavailable', { mode, available: 'realtime' });
    const record = await this.#options.streams.update(streamId, { name, mode, retention });
    const stream = await this.#load(record);
    this.#options.events.changed(stream);
    return stream;
  }

  /** Deletes the stream with its sessions and media; what is on air ends. */
  async remove(streamId: string): Promise<void> {
    const { streams, objects, events, log } = this.#options;
    await streams.get(streamId);
    await this.#live.get(streamId)?.end('stream_deleted');
    await streams.remove(streamId);
    log.info({ streamId }, 'stream removed');
    events.problem(streamId, 'storage_full', null);
    events.removed(streamId);
    // What cannot be deleted now, the sweep for media without a record takes.
    await objects
      .removeStream(streamId)
      .catch((error: unknown) => log.warn({ streamId, err: error }, 'media of a removed stream are left'));
  }

  /** A leaked key must be worth nothing at once: whoever publishes with the old one is cut off, and may return with the new. */
  async rotateKey(streamId: string): Promise<Stream> {
    const record = await this.#options.streams.rotateKey(streamId);
    this.#live.get(streamId)?.connection?.close('stream_key_unknown');
    const stream = await this.#load(record);
    this.#options.events.changed(stream);
    return stream;
  }

  async health(streamId: string): Promise<StreamHealth> {
    const live = this.#live.get(streamId);
    if (live) return liveHealth(live);
    const { state } = await this.get(streamId);
    return offAirHealth(streamId, state);
  }

  async sessions(streamId: string, page: PageRequest): Promise<Page<Session>> {
    await this.#options.streams.get(streamId);
    const { items, nextCursor } = await this.#options.sessions.list(streamId, page);
    return { items: items.map((session) => this.#freshest(session)), nextCursor };
  }

  async session(streamId: string, sessionId: string): Promise<Session> {
    await this.#options.streams.get(streamId);
    return this.#freshest(await this.#options.sessions.get(streamId, sessionId));
  }

  /** The session on air, else the newest. @throws CodedError `stream_not_found` */
  async currentSession(streamId: string): Promise<Session | null> {
    const live = this.#live.get(streamId);
    if (live) return live.describe();
    await this.#options.streams.get(streamId);
    return this.#options.sessions.newest(streamId);
  }

  async thumbnail(streamId: string): Promise<{ bytes: Uint8Array; at: number } | null> {
    await this.#options.streams.get(streamId);
    return this.#options.objects.thumbnail(streamId);
  }

  /** Decides on a publisher before it may send: unknown keys and second publishers are turned away here. */
  async admit({ streamKey, encoder, connection }: PublisherRequest): Promise<Admission> {
    if (this.#stopping) return { accept: false, code: 'server_stopping' };
    const record = await this.#options.streams.findByKey(streamKey);
    if (!record) return { accept: false, code: 'stream_key_unknown' };
    const { id: streamId } = record;
    if (this.#admitting.has(streamId) || !this.#vacate(streamId)) return { accept: false, code: 'stream_key_busy' };
    this.#admitting.add(streamId);
    try {
      const live = this.#live.get(streamId) ?? (await this.#startSession(record, connection.remoteAddress, encoder));
      return { accept: true, sink: live.attach(connection, encoder) };
    } finally {
      this.#admitting.delete(streamId);
    }
  }

  /** Ends everything that is on air; no publisher is admitted any more. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#announcer);
    await Promise.all([...this.#live.values()].map((live) => live.end('server_stopped')));
    for (const { timer } of this.#lingering.values()) clearTimeout(timer);
    this.#lingering.clear();
  }

  /** Publishes the health of every session on air, and its share of the metrics. */
  tick(): void {
    for (const live of this.#live.values()) {
      live.report(this.#options.metrics);
      this.#options.events.health(liveHealth(live));
    }
  }

  /** True when no publisher is there (any more): one that went silent gives way. */
  #vacate(streamId: string): boolean {
    const connection = this.#live.get(streamId)?.connection;
    if (!connection) return true;
    const silentMs = connection.silentMs();
    if (silentMs < this.#options.takeoverMs) return false;
    this.#options.log.warn(
      { streamId, connection: connection.id, silentMs },
      'silent publisher gives way to a newcomer',
    );
    connection.close('stream_key_busy');
    return true;
  }

  async #startSession(record: StreamRecord, address: string, encoder: string | null): Promise<LiveSession> {
    const { id: streamId } = record;
    const { sessions, segments, objects, metrics, packaging, reconnectWindowMs, log, events } = this.#options;
    const session = await sessions.start({ streamId, epochAt: Date.now(), publisher: { address, encoder } });
    const recorder = new SessionRecorder({ streamId, sessionId: session.id, objects, segments, sessions, log });
    const live: LiveSession = new LiveSession({
      session,
      recorder,
      packaging,
      reconnectWindowMs,
      metrics,
      log,
      openAnalysis: (on) => this.#options.analysis.open({ streamId, sessionId: session.id }, on),
      onThumbnail: (jpeg) => {
        objects
          .putThumbnail(streamId, jpeg)
          .catch((error: unknown) => log.debug({ streamId, err: error }, 'thumbnail not kept'));
      },
      onChange: () => this.#sessionChanged(streamId, live),
      onStorage: (problem) => {
        events.problem(streamId, 'storage_full', problem?.code === 'storage_full' ? problem : null);
        events.problem(streamId, 'storage_failed', problem?.code === 'storage_failed' ? problem : null);
      },
      onWindowPassed: () => void live.end('reconnect_window_passed'),
    });
    this.#live.set(streamId, live);
    metrics.sessionsLive.set(this.#live.size);
    return live;
  }

  #sessionChanged(streamId: string, live: LiveSession): void {
    if (live.state === 'ended' && this.#live.get(streamId) === live) {
      this.#live.delete(streamId);
      this.#options.metrics.sessionsLive.set(this.#live.size);
      const timer = setTimeout(() => this.#lingering.delete(live.id), LINGER_MS).unref();
      this.#lingering.set(live.id, { session: live, timer });
    }
    this.#announce(streamId);
  }

  #announce(streamId: string): void {
    this.#options.streams
      .find(streamId)
      .then(async (record) => record && this.#options.events.changed(await this.#load(record)))
      .catch((error: unknown) => this.#options.log.debug({ streamId, err: error }, 'stream not announced'));
  }

  async #load(record: StreamRecord): Promise<Stream> {
    const stored = this.#live.has(record.id) ? null : await this.#options.sessions.newest(record.id);
    return this.#describe(record, stored);
  }

  /** What is in memory knows more than what is stored. */
  #freshest(session: Session): Session {
    return this.packagedSession(session.streamId, session.id)?.describe() ?? session;
  }

  #describe({ mode, ...record }: StreamRecord, newest: Session | null): Stream {
    const live = this.#live.get(record.id);
    const ingestServer = this.#options.ingestServer();
    const session = live ? live.describe() : newest && this.#freshest(newest);
    return {
      ...record,
      mode,
      ingestServer,
      ingestUrl: `${ingestServer}/${record.streamKey}`,
      playbackUrl: `/hls/${record.id}/index.m3u8`,
      thumbnailUrl: session ? `/api/streams/${record.id}/thumbnail.jpg` : null,
      state: live ? live.state : session ? 'ended' : 'offline',
      reconnectUntilAt: live?.reconnectUntilAt ?? null,
      problem: live?.problem ? toProblem(live.problem) : null,
      session,
    };
  }
}

function toProblem({ code, message, details }: CodedError): Problem {
  return { code, message, details: { ...details } };
}
