import {
  CodedError,
  describeError,
  type ErrorCode,
  type ErrorDetails,
  type Session,
  type SessionEndReason,
} from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import { LiveSession } from './live-session.js';
import type {
  AnalysisOfSessions,
  MediaObjects,
  Packaging,
  PictureRows,
  PublisherConnection,
  RefusalTrace,
  SegmentRows,
  SessionRows,
  StreamMetrics,
  StreamRecord,
} from './ports.js';
import { SessionRecorder } from './session-recorder.js';
import type { SessionSink } from './session-sink.js';

/** A session that ended stays playable from memory this long, ms: players at its edge see their own playlist end. */
const LINGER_MS = 60_000;

/** A publisher that asks for a stream. The RTMP server's request fits. */
export interface PublisherRequest {
  /** Secret: never logged. */
  readonly streamKey: string;
  readonly encoder: string | null;
  readonly connection: PublisherConnection;
}

/** The answer to a publisher. The RTMP server's decision is one. */
export type Admission =
  | { readonly accept: true; readonly sink: SessionSink }
  | { readonly accept: false; readonly code: ErrorCode; readonly details?: ErrorDetails };

export interface OnAirOptions {
  findByKey(streamKey: string): Promise<StreamRecord | null>;
  readonly sessions: SessionRows;
  readonly segments: SegmentRows;
  readonly pictures: PictureRows;
  readonly objects: MediaObjects;
  readonly analysis: AnalysisOfSessions;
  readonly metrics: StreamMetrics;
  readonly refusals: RefusalTrace;
  readonly log: Logger;
  readonly packaging: Packaging;
  readonly reconnectWindowMs: number;
  /** A publisher that sent nothing for this long gives way to a newcomer with the same key, ms. */
  readonly takeoverMs: number;
  /** What there is to know of a stream on air changed. */
  onChange(streamId: string): void;
  /** A publisher came back to the session of this stream. */
  onReconnect(streamId: string): void;
  /** Media of the stream cannot be stored, or (null) can again. */
  onStorage(streamId: string, problem: CodedError | null): void;
}

interface Airing {
  readonly session: LiveSession;
  record: StreamRecord;
}

/**
 * What is on air: at most one session for each stream, and at most one publisher for each session. Decides who may publish;
 * starts sessions and sees them to their end.
 */
export class OnAir {
  readonly #options: OnAirOptions;
  readonly #airings = new Map<string, Airing>();
  /** Sessions that ended a moment ago, by id. */
  readonly #lingering = new Map<string, { readonly session: LiveSession; readonly timer: NodeJS.Timeout }>();
  /** Ended, and their records not yet written. */
  readonly #ending = new Map<LiveSession, Promise<void>>();
  /** Streams for which a session is being started: the database is asked in between. */
  readonly #starting = new Map<string, Promise<unknown>>();
  readonly #withdrawn = new Set<string>();
  /** Grows when a key or a stream changes, or when the server stops: an admission that this overtook begins anew. */
  #changes = 0;
  #stopping = false;

  constructor(options: OnAirOptions) {
    this.#options = options;
  }

  /** Those that wait for their publisher included. */
  get sessions(): LiveSession[] {
    return [...this.#airings.values()].map(({ session }) => session);
  }

  /** The session on air, or null. */
  get(streamId: string): LiveSession | null {
    return this.#airings.get(streamId)?.session ?? null;
  }

  /** The stream's record while it is on air: no need to ask the database. */
  recordOf(streamId: string): StreamRecord | null {
    return this.#airings.get(streamId)?.record ?? null;
  }

  /** The session while its packager is in memory: on air, or ended a moment ago. */
  packaged(streamId: string, sessionId: string): LiveSession | null {
    const session = this.get(streamId);
    if (session?.id === sessionId) return session;
    const lingering = this.#lingering.get(sessionId)?.session;
    return lingering?.streamId === streamId ? lingering : null;
  }

  /**
   * Decides on a publisher before it may send: unknown keys and second publishers are turned away here.
   * @throws CodedError `database_unreachable`
   */
  async admit(request: PublisherRequest): Promise<Admission> {
    const { streamKey, encoder, connection } = request;
    const refuse = (code: ErrorCode, streamId: string | null): Admission => {
      this.#options.refusals.record({
        error: new CodedError(code),
        address: connection.remoteAddress,
        encoder,
        streamId,
      });
      return { accept: false, code };
    };
    for (;;) {
      if (this.#stopping) return { accept: false, code: 'server_stopping' };
      const changes = this.#changes;
      const record = await this.#options.findByKey(streamKey);
      if (changes !== this.#changes) continue;
      if (!record || this.#withdrawn.has(record.id)) return refuse('stream_key_unknown', null);
      if (this.#starting.has(record.id) || !this.#vacate(record.id)) return refuse('stream_key_busy', record.id);
      const known = this.get(record.id);
      const session = known ?? (await this.#start(record, connection.remoteAddress, encoder));
      if (known && !known.empty) this.#options.onReconnect(record.id);
      if (session && session.state !== 'ended') return { accept: true, sink: session.attach(connection, encoder) };
    }
  }

  /** The record of a stream changed. */
  recordChanged(record: StreamRecord): void {
    this.#changes += 1;
    const airing = this.#airings.get(record.id);
    if (airing) airing.record = record;
  }

  /** The stream's key was changed: whoever publishes with the old one is cut off, and may return with the new. */
  cutPublisher(streamId: string): void {
    this.#changes += 1;
    this.get(streamId)?.connection?.close('stream_key_unknown');
  }

  /** Takes the stream off the air for good and keeps publishers out while `remove` runs. */
  async withdraw(streamId: string, remove: () => Promise<void>): Promise<void> {
    this.#withdrawn.add(streamId);
    this.#changes += 1;
    try {
      await this.#starting.get(streamId);
      const sessions = [...this.sessions, ...this.#ending.keys()].filter((session) => session.streamId === streamId);
      await Promise.all(sessions.map((session) => this.#end(session, 'stream_deleted')));
      await remove();
      for (const { session } of this.#lingering.values()) if (session.streamId === streamId) this.#forget(session.id);
    } finally {
      this.#withdrawn.delete(streamId);
      this.#changes += 1;
    }
  }

  /** An ended session is about to be deleted: its records are written by then, and nothing of it is played from memory. */
  async release(sessionId: string): Promise<void> {
    const ending = [...this.#ending].find(([session]) => session.id === sessionId);
    await ending?.[1];
    this.#forget(sessionId);
  }

  /** Ends everything; no publisher is admitted any more. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#changes += 1;
    await Promise.allSettled(this.#starting.values());
    const sessions = [...this.sessions, ...this.#ending.keys()];
    await Promise.all(sessions.map((session) => this.#end(session, 'server_stopped')));
    for (const sessionId of this.#lingering.keys()) this.#forget(sessionId);
  }

  /** True when no publisher is there (any more): one that went silent gives way. */
  #vacate(streamId: string): boolean {
    const connection = this.get(streamId)?.connection;
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

  /** Null when something changed while the session was being stored. */
  async #start(record: StreamRecord, address: string, encoder: string | null): Promise<LiveSession | null> {
    const changes = this.#changes;
    const stored = this.#options.sessions.start({
      streamId: record.id,
      epochAt: Date.now(),
      publisher: { address, encoder },
    });
    const started = stored.then(async (session) => {
      if (changes === this.#changes) return this.#open(record, session);
      await this.#options.sessions.discard(session.id);
      return null;
    });
    this.#starting.set(
      record.id,
      started.catch(() => {}),
    );
    try {
      return await started;
    } finally {
      this.#starting.delete(record.id);
    }
  }

  #open(record: StreamRecord, session: Session): LiveSession {
    const { id: streamId } = record;
    const { sessions, segments, pictures, objects, metrics, packaging, reconnectWindowMs, log, analysis } =
      this.#options;
    const live: LiveSession = new LiveSession({
      session,
      recorder: new SessionRecorder({ streamId, sessionId: session.id, objects, segments, pictures, sessions, log }),
      packaging,
      reconnectWindowMs,
      metrics,
      log,
      openAnalysis: (events) => analysis.open({ streamId, sessionId: session.id }, events),
      onThumbnail: (jpeg) => {
        objects
          .putThumbnail(streamId, jpeg)
          .then(() => this.#options.onChange(streamId))
          .catch((error: unknown) => log.debug({ streamId, problem: describeError(error) }, 'thumbnail not kept'));
      },
      onChange: () => this.#options.onChange(streamId),
      onStorage: (problem) => this.#options.onStorage(streamId, problem),
      onOver: (reason) => void this.#end(live, reason),
      onRefused: (error, { address, encoder }) => this.#options.refusals.record({ error, address, encoder, streamId }),
    });
    this.#airings.set(streamId, { session: live, record });
    metrics.sessionsLive.set(this.#airings.size);
    return live;
  }

  #end(live: LiveSession, reason: SessionEndReason): Promise<void> {
    const ending = this.#ending.get(live);
    const ended = live.end(reason);
    if (ending) return ending;
    this.#airings.delete(live.streamId);
    this.#options.metrics.sessionsLive.set(this.#airings.size);
    const timer = setTimeout(() => this.#lingering.delete(live.id), LINGER_MS).unref();
    this.#lingering.set(live.id, { session: live, timer });
    const settled = ended.then(() => this.#settled(live));
    this.#ending.set(live, settled);
    return settled;
  }

  #settled(live: LiveSession): void {
    this.#ending.delete(live);
    if (!live.empty) return;
    // Nothing of it is stored: the stream is what it was before.
    this.#forget(live.id);
    this.#options.onChange(live.streamId);
  }

  #forget(sessionId: string): void {
    clearTimeout(this.#lingering.get(sessionId)?.timer);
    this.#lingering.delete(sessionId);
  }
}
