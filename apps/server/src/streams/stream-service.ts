import {
  CodedError,
  type CreateStream,
  type Page,
  type Problem,
  type Retention,
  type Session,
  type Stream,
  type StreamHealth,
  type StreamLoad,
  type StreamSummary,
  type UpdateStream,
} from '@media-analyzer/protocol';
import { Announcer } from './announcer.js';
import { liveView, offAirHealth, stalledMs } from './health.js';
import { Incidents } from './incidents.js';
import type { LiveSession } from './live-session.js';
import { type Admission, OnAir, type OnAirOptions, type PublisherRequest } from './on-air.js';
import type { PageRequest, StreamEvents, StreamRecord, StreamRows } from './ports.js';

/** A stream on air is announced this often, ms, so that lists see its duration and size grow. */
const ANNOUNCE_MS = 5000;

/** Summaries are told with every so many ticks. */
const SUMMARY_TICKS = 2;

export interface StreamServiceOptions
  extends Omit<OnAirOptions, 'findByKey' | 'onChange' | 'onReconnect' | 'onStorage'> {
  readonly streams: StreamRows;
  readonly events: StreamEvents;
  /** What a new stream gets. */
  readonly retention: Retention;
  /** `rtmp://host:port/live`, known once the RTMP port is open. */
  ingestServer(): string;
}

/** Streams, stored and on air: the one place that knows both sides of a stream. An unknown one is `stream_not_found`. */
export class StreamService {
  readonly #options: StreamServiceOptions;
  readonly #onAir: OnAir;
  readonly #announcer: Announcer;
  readonly #regularly: NodeJS.Timeout;
  readonly #incidents = new Incidents();
  readonly #stalled = new WeakSet<LiveSession>();
  #ticks = 0;

  constructor(options: StreamServiceOptions) {
    const { streams, events, log } = options;
    this.#options = options;
    this.#announcer = new Announcer({
      describe: (streamId) => this.#current(streamId),
      changed: (stream) => events.changed(stream),
      removed: (streamId) => events.removed(streamId),
      log,
    });
    this.#onAir = new OnAir({
      ...options,
      findByKey: (streamKey) => streams.findByKey(streamKey),
      onChange: (streamId) => this.#announcer.announce(streamId),
      onReconnect: (streamId) => this.#incidents.note(streamId, 'reconnect'),
      onStorage: (streamId, problem) => {
        for (const code of ['storage_full', 'storage_failed'] as const)
          events.problem(streamId, code, problem?.code === code ? problem : null);
      },
    });
    this.#regularly = setInterval(() => {
      for (const { streamId } of this.#onAir.sessions) this.#announcer.announce(streamId);
    }, ANNOUNCE_MS).unref();
  }

  async list(page: PageRequest): Promise<Page<Stream>> {
    const { items, nextCursor } = await this.#options.streams.list(page);
    const newest = await this.#options.sessions.newestOf(items.map(({ id }) => id));
    return { items: items.map((record) => this.#describe(record, newest.get(record.id) ?? null)), nextCursor };
  }

  async create({ name, retention }: CreateStream): Promise<Stream> {
    const usual = this.#options.retention;
    const record = await this.#options.streams.create({
      name,
      mode: 'realtime',
      retention: {
        maxAgeMs: retention?.maxAgeMs === undefined ? usual.maxAgeMs : retention.maxAgeMs,
        maxBytes: retention?.maxBytes === undefined ? usual.maxBytes : retention.maxBytes,
      },
    });
    this.#options.log.info({ streamId: record.id }, 'stream created');
    this.#announcer.announce(record.id);
    return this.#describe(record, null);
  }

  async get(streamId: string): Promise<Stream> {
    return this.#load(await this.#options.streams.get(streamId));
  }

  /** @throws CodedError `mode_unavailable`, `stream_not_found` */
  async update(streamId: string, { name, mode, retention }: UpdateStream): Promise<Stream> {
    if (mode !== undefined && mode !== 'realtime')
      throw new CodedError('mode_unavailable', { mode, available: 'realtime' });
    return this.#recordChanged(await this.#options.streams.update(streamId, { name, mode, retention }));
  }

  /** Deletes the stream with its sessions and media; what is on air ends. */
  async remove(streamId: string): Promise<void> {
    const { streams, objects, log } = this.#options;
    await streams.get(streamId);
    await this.#onAir.withdraw(streamId, () => streams.remove(streamId));
    log.info({ streamId }, 'stream removed');
    this.#announcer.remove(streamId);
    this.#incidents.forget(streamId);
    // What cannot be deleted now, the sweep for media without a record takes.
    await objects
      .removeStream(streamId)
      .catch((error: unknown) => log.warn({ streamId, err: error }, 'media of a removed stream are left'));
  }

  /** A leaked key must be worth nothing at once: whoever publishes with the old one is cut off, and may return with the new. */
  async rotateKey(streamId: string): Promise<Stream> {
    const record = await this.#options.streams.rotateKey(streamId);
    this.#onAir.cutPublisher(streamId);
    return this.#recordChanged(record);
  }

  async health(streamId: string): Promise<StreamHealth> {
    const live = this.#onAir.get(streamId);
    if (live) return liveView(live).health;
    const { state, session } = await this.get(streamId);
    return offAirHealth(streamId, state, session);
  }

  /** Newest first. */
  async sessions(streamId: string, page: PageRequest): Promise<Page<Session>> {
    await this.#options.streams.get(streamId);
    const { items, nextCursor } = await this.#options.sessions.list(streamId, page);
    return { items: items.map((session) => this.#freshest(session)), nextCursor };
  }

  /** @throws CodedError `stream_not_found`, `session_not_found` */
  async session(streamId: string, sessionId: string): Promise<Session> {
    await this.#options.streams.get(streamId);
    return this.#freshest(await this.#options.sessions.get(streamId, sessionId));
  }

  /**
   * Deletes a session that is over, with its media and results.
   * @throws CodedError `stream_not_found`, `session_not_found`, `session_live`
   */
  async removeSession(streamId: string, sessionId: string): Promise<void> {
    const { streams, sessions, objects, log } = this.#options;
    await streams.get(streamId);
    await sessions.get(streamId, sessionId);
    if (this.#onAir.get(streamId)?.id === sessionId) throw new CodedError('session_live', { sessionId });
    await this.#onAir.release(sessionId);
    if (!(await sessions.remove(sessionId))) {
      // Gone since it was looked up, or it has not ended in the records either.
      await sessions.get(streamId, sessionId);
      throw new CodedError('session_live', { sessionId });
    }
    log.info({ streamId, sessionId }, 'session removed');
    this.#announcer.announce(streamId);
    await objects
      .removeSession(streamId, sessionId)
      .catch((error: unknown) => log.warn({ streamId, sessionId, err: error }, 'media of a removed session are left'));
  }

  /** The session on air, else the newest. @throws CodedError `stream_not_found` */
  async currentSession(streamId: string): Promise<Session | null> {
    const live = this.#onAir.get(streamId);
    if (live) return live.describe();
    await this.#options.streams.get(streamId);
    const newest = await this.#options.sessions.newest(streamId);
    return newest && this.#freshest(newest);
  }

  /** The session while its packager is in memory: on air, or ended a moment ago. */
  packagedSession(streamId: string, sessionId: string): LiveSession | null {
    return this.#onAir.packaged(streamId, sessionId);
  }

  async thumbnail(streamId: string): Promise<{ bytes: Uint8Array; at: number } | null> {
    await this.#options.streams.get(streamId);
    return this.#options.objects.thumbnail(streamId);
  }

  /** Decides on a publisher before it may send. @throws CodedError `database_unreachable` */
  admit(request: PublisherRequest): Promise<Admission> {
    return this.#onAir.admit(request);
  }

  /** Publishers of these streams were turned away. */
  refused(streamIds: Iterable<string>): void {
    for (const streamId of streamIds) this.#announcer.announce(streamId);
  }

  /** Limits took media of the session on air away, the oldest first. */
  mediaRemoved(
    streamId: string,
    removed: readonly { readonly sessionId: string; readonly msn: number; readonly bytes: number }[],
  ): void {
    for (const sessionId of new Set(removed.map((segment) => segment.sessionId))) {
      const its = removed.filter((segment) => segment.sessionId === sessionId);
      this.#onAir.packaged(streamId, sessionId)?.mediaRemoved(its);
    }
    this.#announcer.announce(streamId);
  }

  /** Publishes the health of every session on air, and its share of the metrics. */
  tick(): void {
    const { events, metrics } = this.#options;
    const summaries: StreamSummary[] = [];
    for (const live of this.#onAir.sessions) {
      live.report(metrics);
      const { health, summary } = liveView(live);
      this.#noteStall(live, health);
      events.health(health);
      summaries.push(summary);
    }
    // Every other second: chips of a list need not be faster, and fifty streams are then a few kilobytes a second.
    this.#ticks += 1;
    if (this.#ticks % SUMMARY_TICKS === 0) events.summaries(summaries);
  }

  /** What each stream asks of the server: those on air first, then those with the most media. @param limit streams at most */
  loads(streams: readonly Stream[], storedBytes: ReadonlyMap<string, number>, limit: number): StreamLoad[] {
    const loads = streams.map(({ id: streamId, name, state, session }): StreamLoad => {
      const live = this.#onAir.get(streamId);
      const health = live ? liveView(live).health : offAirHealth(streamId, state, session);
      const { bitrate, measuredFrameRate, analysisRate, captureToResult, frames, condition } = health;
      return {
        ...{ streamId, name, state, bitrate, analysisRate, captureToResult, frames },
        frameRate: measuredFrameRate,
        condition: condition ?? { word: 'no_data', code: null, reason: null },
        storedBytes: storedBytes.get(streamId) ?? 0,
        ...this.#incidents.lastHour(streamId),
      };
    });
    const onAir = ({ streamId }: StreamLoad): number => (this.#onAir.get(streamId) ? 1 : 0);
    return loads.sort((a, b) => onAir(b) - onAir(a) || b.storedBytes - a.storedBytes).slice(0, limit);
  }

  /** The stream that a session on air belongs to, or null. */
  streamOfSession(sessionId: string): string | null {
    return this.#onAir.sessions.find(({ id }) => id === sessionId)?.streamId ?? null;
  }

  #noteStall(live: LiveSession, { keyframeIntervalMs }: StreamHealth): void {
    const stalled = stalledMs(live, keyframeIntervalMs) > 0;
    if (stalled && !this.#stalled.has(live)) this.#incidents.note(live.streamId, 'stall');
    if (stalled) this.#stalled.add(live);
    else this.#stalled.delete(live);
  }

  /** Ends everything that is on air; no publisher is admitted any more. */
  async close(): Promise<void> {
    clearInterval(this.#regularly);
    await this.#onAir.close();
    this.#announcer.close();
  }

  #recordChanged(record: StreamRecord): Promise<Stream> {
    this.#onAir.recordChanged(record);
    this.#announcer.announce(record.id);
    return this.#load(record);
  }

  /** For announcements. While the stream is on air everything about it is in memory. */
  #current(streamId: string): Stream | null | Promise<Stream | null> {
    const record = this.#onAir.recordOf(streamId);
    if (record) return this.#describe(record, null);
    return this.#options.streams.find(streamId).then((found) => found && this.#load(found));
  }

  async #load(record: StreamRecord): Promise<Stream> {
    const stored = this.#onAir.get(record.id) ? null : await this.#options.sessions.newest(record.id);
    return this.#describe(record, stored);
  }

  /** What is in memory knows more than what is stored. */
  #freshest(session: Session): Session {
    return this.#onAir.packaged(session.streamId, session.id)?.describe() ?? session;
  }

  #describe(record: StreamRecord, newest: Session | null): Stream {
    const live = this.#onAir.get(record.id);
    const ingestServer = this.#options.ingestServer();
    const pictureAt = this.#options.objects.thumbnailAt(record.id);
    const session = live ? live.describe() : newest && this.#freshest(newest);
    return {
      ...record,
      ingestServer,
      ingestUrl: `${ingestServer}/${record.streamKey}`,
      playbackUrl: `/hls/${record.id}/index.m3u8`,
      thumbnailUrl: pictureAt === null ? null : `/api/streams/${record.id}/thumbnail.jpg?v=${pictureAt}`,
      summary: live ? liveView(live).summary : null,
      state: live ? live.state : session ? 'ended' : 'offline',
      reconnectUntilAt: live?.reconnectUntilAt ?? null,
      problem: live?.problem ? toProblem(live.problem) : null,
      waiting: live?.waiting ?? null,
      refusals: this.#options.refusals.of(record.id),
      session,
    };
  }
}

function toProblem({ code, message, details }: CodedError): Problem {
  return { code, message, details: { ...details } };
}
