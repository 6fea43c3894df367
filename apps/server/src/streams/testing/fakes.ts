/** What streams and sessions rest on, in memory: tests set the scene and look at the outcome. */
import {
  CodedError,
  type CodedSample,
  type Gap,
  type ProcessState,
  type Refusal,
  type Session,
  type SessionEndReason,
  type Stream,
  type StreamHealth,
  type StreamSummary,
  type Track,
} from '@media-analyzer/protocol';
import { silentLog } from '../../log.js';
import type {
  AnalysisHealth,
  AnalysisOfSessions,
  DecodingEvents,
  PictureRows,
  PublisherConnection,
  RefusalTrace,
  SegmentRow,
  SegmentRows,
  SessionRows,
  StreamEvents,
  StreamMetrics,
  StreamRecord,
  StreamRows,
} from '../ports.js';
import { StreamService, type StreamServiceOptions } from '../stream-service.js';
import { FakeObjects } from './fake-objects.js';

/** A database in memory that can be away. */
export class FakeDatabase {
  readonly streamRows = new Map<string, StreamRecord>();
  readonly sessionRows: Session[] = [];
  readonly segmentRows: SegmentRow[] = [];
  readonly pictureRows: Parameters<PictureRows['add']>[0][] = [];
  readonly inits: Parameters<SegmentRows['addInit']>[0][] = [];
  /** The next calls fail as long as it is set. */
  away = false;
  /** Awaited by the next `start` of a session: a slow database. */
  startGate: Promise<void> | null = null;
  reads = 0;
  #ids = 0;

  readonly streams: StreamRows = {
    create: async ({ name, mode, retention }) => {
      this.#ask();
      const id = `stream-${++this.#ids}`;
      const record = {
        id,
        name,
        mode,
        retention,
        streamKey: `key-${id}`,
        createdAt: Date.now(),
        updatedAt: Date.now(),
      };
      this.streamRows.set(id, record);
      return record;
    },
    list: async () => ({ items: this.#ask([...this.streamRows.values()]), nextCursor: null }),
    find: async (id) => this.#ask(this.streamRows.get(id) ?? null),
    get: async (id) => this.#ask(this.#stream(id)),
    findByKey: async (key) =>
      this.#ask([...this.streamRows.values()].find(({ streamKey }) => streamKey === key) ?? null),
    update: async (id, { name, retention }) => {
      const before = this.#ask(this.#stream(id));
      const record = {
        ...before,
        name: name ?? before.name,
        retention: { ...before.retention, ...defined(retention) },
      };
      this.streamRows.set(id, record);
      return record;
    },
    rotateKey: async (id) => {
      const record = { ...this.#ask(this.#stream(id)), streamKey: `key-${++this.#ids}` };
      this.streamRows.set(id, record);
      return record;
    },
    remove: async (id) => {
      this.#ask(this.#stream(id));
      this.streamRows.delete(id);
      remove(this.sessionRows, ({ streamId }) => streamId === id);
    },
  };

  readonly sessions: SessionRows = {
    start: async ({ streamId, epochAt, publisher }) => {
      await this.startGate;
      this.#ask(this.#stream(streamId));
      const session: Session = {
        id: `session-${String(++this.#ids).padStart(4, '0')}`,
        ...{ streamId, epochAt, startedAt: epochAt, endedAt: null, endReason: null, durationMs: 0, publisher },
        ...{ video: null, audio: null, gaps: [], storedBytes: 0 },
      };
      this.sessionRows.push(session);
      return session;
    },
    get: async (streamId, sessionId) => {
      const found = this.#ask(this.sessionRows.find(({ id }) => id === sessionId));
      if (found?.streamId !== streamId) throw new CodedError('session_not_found', { streamId, sessionId });
      return found;
    },
    newest: async (streamId) => this.#ask(this.#ofStream(streamId)[0] ?? null),
    newestOf: async (ids) =>
      this.#ask(
        new Map(
          ids.flatMap((id) =>
            this.#ofStream(id)
              .slice(0, 1)
              .map((session) => [id, session] as const),
          ),
        ),
      ),
    list: async (streamId) => ({ items: this.#ask(this.#ofStream(streamId)), nextCursor: null }),
    update: async (id, change) => this.#change(id, () => ({ ...defined(change) })),
    addGap: async (id, gap: Gap) => this.#change(id, ({ gaps }) => ({ gaps: [...gaps, gap] })),
    end: async (id, end: { endedAt: number; endReason: SessionEndReason }) => this.#change(id, () => end),
    remove: async (id) => this.#ask(remove(this.sessionRows, (row) => row.id === id && row.endedAt !== null)) > 0,
    discard: async (id) => {
      this.#ask();
      remove(this.sessionRows, (session) => session.id === id);
    },
  };

  readonly segments: SegmentRows = {
    addInit: async (init) => {
      this.#ask();
      this.inits.push(init);
      return true;
    },
    add: async (segment) => {
      this.#ask();
      this.segmentRows.push(segment);
      return true;
    },
    listForSession: async (id) => this.#ask(this.segmentRows.filter(({ sessionId }) => sessionId === id)),
  };

  readonly pictures: PictureRows = {
    add: async (picture) => this.#ask(this.pictureRows.push(picture)) > 0,
  };

  session(id: string): Session {
    const found = this.sessionRows.find((session) => session.id === id);
    if (!found) throw new CodedError('session_not_found', { streamId: '?', sessionId: id });
    return found;
  }

  #ofStream(id: string): Session[] {
    return this.sessionRows.filter(({ streamId }) => streamId === id).reverse();
  }

  #change(id: string, change: (session: Session) => Partial<Session>): void {
    this.#ask();
    const index = this.sessionRows.findIndex((session) => session.id === id);
    const before = this.sessionRows[index];
    if (before) this.sessionRows[index] = { ...before, ...change(before) };
  }

  #stream(streamId: string): StreamRecord {
    const found = this.streamRows.get(streamId);
    if (!found) throw new CodedError('stream_not_found', { streamId });
    return found;
  }

  #ask(): void;
  #ask<T>(answer: T): T;
  #ask<T>(answer?: T): T | undefined {
    this.reads += 1;
    if (this.away) throw new CodedError('database_unreachable', { problem: 'the test says so' });
    return answer;
  }
}

/** The analysis of one session, and what was given to it. */
export class FakeAnalysis {
  readonly tracks: Track[] = [];
  readonly samples: CodedSample[] = [];
  discontinuities = 0;
  started = false;
  closed = false;
  state: ProcessState = 'running';
  health: AnalysisHealth = {
    ...{
      captureToResult: null,
      overlayAlignment: null,
      analysisRate: 0,
      model: 'yolox-nano',
      visionProcess: 'running',
    },
    ...{ sampled: 0, analysed: 0, dropped: {}, blocked: null, seen: [] },
  };

  constructor(readonly events: DecodingEvents) {}
}

/** Says who publishes; `end` tells the sink as the RTMP server does. */
export class FakeConnection implements PublisherConnection {
  readonly remoteAddress = '192.0.2.7';
  silence = 0;
  closedWith: string | null = null;
  /** Called once at the end. */
  onEnd: (reason: { kind: string; code?: CodedError['code']; message?: string }) => void = () => {};

  constructor(readonly id: string) {}

  silentMs(): number {
    return this.silence;
  }

  close(code: CodedError['code']): void {
    this.closedWith = code;
    this.end({ kind: 'closed', code });
  }

  end(reason: { kind: string; code?: CodedError['code']; message?: string } = { kind: 'disconnected' }): void {
    const { onEnd } = this;
    this.onEnd = () => {};
    onEnd(reason);
  }
}

/** What was told to the rest of the server, in order. */
export class FakeEvents implements StreamEvents {
  readonly told: Stream[] = [];
  readonly gone: string[] = [];
  readonly healths: StreamHealth[] = [];
  readonly summed: (readonly StreamSummary[])[] = [];
  readonly problems = new Map<string, CodedError>();

  changed(stream: Stream): void {
    this.told.push(stream);
  }

  removed(streamId: string): void {
    this.gone.push(streamId);
  }

  summaries(summaries: readonly StreamSummary[]): void {
    this.summed.push(summaries);
  }

  health(health: StreamHealth): void {
    this.healths.push(health);
  }

  problem(streamId: string, code: CodedError['code'], problem: CodedError | null): void {
    if (problem) this.problems.set(`${streamId} ${code}`, problem);
    else this.problems.delete(`${streamId} ${code}`);
  }
}

/** Who was turned away, in order. */
export class FakeRefusals implements RefusalTrace {
  readonly recorded: Parameters<RefusalTrace['record']>[0][] = [];

  record(refusal: Parameters<RefusalTrace['record']>[0]): void {
    this.recorded.push(refusal);
  }

  of(streamId: string): Refusal[] {
    return this.recorded
      .filter((refusal) => refusal.streamId === streamId)
      .map(({ error, ...rest }) => ({ ...error, ...rest, firstAt: 1, lastAt: 1, count: 1 }));
  }
}

/** Counters that add up. */
export function fakeMetrics() {
  const sums: Record<string, number> = {};
  const counter = (name: string) => ({
    inc: (a?: unknown, b?: number) => {
      sums[name] = (sums[name] ?? 0) + (typeof a === 'number' ? a : (b ?? 1));
    },
    set: (value: number) => {
      sums[name] = value;
    },
  });
  const metrics: StreamMetrics = {
    sessionsLive: counter('sessionsLive'),
    sessionsStarted: counter('sessionsStarted'),
    sessionsEnded: counter('sessionsEnded'),
    segments: counter('segments'),
    segmentBytes: counter('segmentBytes'),
    parts: counter('parts'),
    framesReceived: counter('framesReceived'),
    databaseDropped: counter('databaseDropped'),
  };
  return { metrics, sums };
}

/** A service on all of it. */
export function makeService(change: Partial<StreamServiceOptions> = {}) {
  const database = new FakeDatabase();
  const objects = new FakeObjects();
  const events = new FakeEvents();
  const analyses: FakeAnalysis[] = [];
  const { metrics, sums } = fakeMetrics();
  const refusals = new FakeRefusals();
  const analysis: AnalysisOfSessions = {
    open(_session, decodingEvents) {
      const fake = new FakeAnalysis(decodingEvents);
      analyses.push(fake);
      return {
        decoding: {
          state: fake.state,
          start: () => {
            fake.started = true;
          },
          track: (track) => void fake.tracks.push(track),
          sample: (sample) => void fake.samples.push(sample),
          discontinuity: () => {},
          stop: async () => {},
        },
        discontinuity: () => {
          fake.discontinuities += 1;
        },
        health: () => fake.health,
        close: async () => {
          fake.closed = true;
        },
      };
    },
  };
  const service = new StreamService({
    streams: database.streams,
    sessions: database.sessions,
    segments: database.segments,
    pictures: database.pictures,
    objects,
    analysis,
    events,
    metrics,
    refusals,
    log: silentLog,
    packaging: { segmentTargetMs: 1000, partTargetMs: 250, dvrWindowMs: 60_000 },
    reconnectWindowMs: 60_000,
    takeoverMs: 5000,
    retention: { maxAgeMs: null, maxBytes: null },
    ingestServer: () => 'rtmp://127.0.0.1:1935/live',
    ...change,
  });
  let connections = 0;
  return {
    service,
    database,
    objects,
    events,
    analyses,
    sums,
    refusals,
    /** Asks for the stream; a publisher that was accepted comes with its sink. */
    async publish(streamKey: string) {
      const connection = new FakeConnection(`connection-${++connections}`);
      const decision = await service.admit({ streamKey, encoder: 'test encoder', connection });
      if (!decision.accept) return { connection, code: decision.code, sink: null };
      const { sink } = decision;
      connection.onEnd = (reason) => sink.onEnd(reason);
      return { connection, code: null, sink };
    },
  };
}

function defined<T extends object>(change: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change ?? {}).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** @returns how many were removed */
function remove<T>(from: T[], which: (item: T) => boolean): number {
  const before = from.length;
  for (let index = from.length - 1; index >= 0; index--) if (which(from[index]!)) from.splice(index, 1);
  return before - from.length;
}
