/** What streams and sessions need from the rest of the server. Declared here, by the consumer; roles hand in what fits. */
import type { Readable } from 'node:stream';
import type {
  AudioInfo,
  CodedError,
  CodedSample,
  ErrorCode,
  FrameCounts,
  Gap,
  HealthWarning,
  Page,
  ProcessingMode,
  ProcessState,
  Refusal,
  Retention,
  SeenNow,
  Session,
  SessionEndReason,
  Stream,
  StreamHealth,
  StreamSummary,
  Track,
  VideoInfo,
} from '@media-analyzer/protocol';

/** What is stored of a stream. */
export type StreamRecord = Pick<Stream, 'id' | 'name' | 'streamKey' | 'mode' | 'retention' | 'createdAt' | 'updatedAt'>;

export interface PageRequest {
  /** Items at most, 1..1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Stored streams. An unknown one is `stream_not_found`. */
export interface StreamRows {
  create(stream: { name: string; mode: ProcessingMode; retention: Retention }): Promise<StreamRecord>;
  list(page: PageRequest): Promise<Page<StreamRecord>>;
  find(streamId: string): Promise<StreamRecord | null>;
  get(streamId: string): Promise<StreamRecord>;
  findByKey(streamKey: string): Promise<StreamRecord | null>;
  update(
    streamId: string,
    change: {
      name?: string | undefined;
      mode?: ProcessingMode | undefined;
      retention?: { readonly [Limit in keyof Retention]?: Retention[Limit] | undefined } | undefined;
    },
  ): Promise<StreamRecord>;
  rotateKey(streamId: string): Promise<StreamRecord>;
  remove(streamId: string): Promise<void>;
}

/** Stored sessions. An unknown one is `session_not_found`. */
export interface SessionRows {
  start(session: { streamId: string; epochAt: number; publisher: Session['publisher'] }): Promise<Session>;
  get(streamId: string, sessionId: string): Promise<Session>;
  newest(streamId: string): Promise<Session | null>;
  newestOf(streamIds: readonly string[]): Promise<ReadonlyMap<string, Session>>;
  list(streamId: string, page: PageRequest): Promise<Page<Session>>;
  update(
    sessionId: string,
    change: {
      video?: VideoInfo | null | undefined;
      audio?: AudioInfo | null | undefined;
      publisher?: Session['publisher'] | undefined;
      frames?: FrameCounts | undefined;
    },
  ): Promise<void>;
  addGap(sessionId: string, gap: Gap): Promise<void>;
  end(sessionId: string, end: { endedAt: number; endReason: SessionEndReason }): Promise<void>;
  /** Removes a session that has ended with all rows about it; false when it is on air or gone. */
  remove(sessionId: string): Promise<boolean>;
  /** Removes a session that never had any media. */
  discard(sessionId: string): Promise<void>;
}

export interface SegmentRow {
  readonly sessionId: string;
  /** Media sequence number. */
  readonly msn: number;
  readonly name: string;
  readonly initName: string;
  /** Earliest PTS, ms on the session clock. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly discontinuity: boolean;
  readonly independent: boolean;
  readonly gap: boolean;
}

/** Records of stored media. */
export interface SegmentRows {
  addInit(init: {
    sessionId: string;
    name: string;
    bytes: number;
    codecs: readonly string[];
    video: VideoInfo | null;
    audio: AudioInfo | null;
  }): Promise<boolean>;
  /** False when the session is gone. */
  add(segment: SegmentRow): Promise<boolean>;
  listForSession(sessionId: string): Promise<readonly SegmentRow[]>;
}

/** Records of a session's small pictures. */
export interface PictureRows {
  /** False when the session is gone. */
  add(picture: { sessionId: string; ptsMs: number; bytes: number }): Promise<boolean>;
}

/** Media by stream, session and file name. */
export interface MediaObjects {
  put(streamId: string, sessionId: string, name: string, bytes: Uint8Array): Promise<void>;
  /** Size of the object, or null when there is none. */
  size(streamId: string, sessionId: string, name: string): Promise<number | null>;
  open(
    streamId: string,
    sessionId: string,
    name: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Readable | null>;
  /** A small picture of the session at this PTS, whole ms. */
  putPicture(streamId: string, sessionId: string, ptsMs: number, jpeg: Uint8Array): Promise<void>;
  removeSession(streamId: string, sessionId: string): Promise<void>;
  removeStream(streamId: string): Promise<void>;
  putThumbnail(streamId: string, jpeg: Uint8Array): Promise<void>;
  /** Unix ms of the newest picture of a stream, or null when there is none: known without asking the store. */
  thumbnailAt(streamId: string): number | null;
  thumbnail(streamId: string): Promise<{ readonly bytes: Uint8Array; readonly at: number } | null>;
}

/** Consumer of a session's coded samples that decodes them elsewhere: the media process. Never blocks. */
export interface Decoding {
  readonly state: ProcessState;
  start(): void;
  track(track: Track): void;
  sample(sample: CodedSample): void;
  discontinuity(): void;
  stop(): Promise<void>;
}

/** What the decoding of a session tells. */
export interface DecodingEvents {
  onThumbnail(thumbnail: { readonly ptsMs: number; readonly jpeg: Uint8Array }): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState): void;
}

/** What the analysis of a session knows for its health. */
export type AnalysisHealth = Pick<
  StreamHealth,
  'captureToResult' | 'overlayAlignment' | 'analysisRate' | 'rate' | 'model' | 'visionProcess'
> & {
  readonly sampled: number;
  readonly analysed: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** What keeps frames from being analysed at all, or null. */
  readonly blocked: HealthWarning | null;
  readonly seen: readonly SeenNow[];
};

/** The analysis of one session on air. */
export interface SessionAnalysis {
  readonly decoding: Decoding;
  /** Content jumps: objects are new ones from here on. */
  discontinuity(): void;
  health(): AnalysisHealth;
  close(): Promise<void>;
}

/** Opens the analysis of sessions. */
export interface AnalysisOfSessions {
  open(session: { streamId: string; sessionId: string }, events: DecodingEvents): SessionAnalysis;
}

/** Who wants to know of changes. */
export interface StreamEvents {
  changed(stream: Stream): void;
  removed(streamId: string): void;
  health(health: StreamHealth): void;
  /** Every stream on air in a few words. */
  summaries(summaries: readonly StreamSummary[]): void;
  /** A problem of a stream that an operator must know of, or null when it is over. */
  problem(streamId: string, code: CodedError['code'], problem: CodedError | null): void;
}

/** Counters; prom-client's fit. */
export interface StreamMetrics {
  readonly sessionsLive: { set(value: number): void };
  readonly sessionsStarted: { inc(): void };
  readonly sessionsEnded: { inc(labels: { reason: string }): void };
  readonly segments: { inc(value: number): void };
  readonly segmentBytes: { inc(value: number): void };
  readonly parts: { inc(value: number): void };
  readonly framesReceived: { inc(value: number): void };
  readonly databaseDropped: { inc(labels: { table: string }, value: number): void };
}

/** Keeps the trace of publishers that were turned away. */
export interface RefusalTrace {
  record(refusal: {
    readonly error: { readonly code: ErrorCode; readonly message: string };
    readonly address: string;
    readonly encoder: string | null;
    readonly streamId: string | null;
  }): void;
  /** Those of one stream, the newest first. */
  of(streamId: string): Refusal[];
}

/** Who publishes: the RTMP connection's handle fits. */
export interface PublisherConnection {
  readonly id: string;
  readonly remoteAddress: string;
  /** Since the last byte, ms. */
  silentMs(): number;
  /** Tells the publisher why; its sink has been told of the end when this returns. */
  close(code: CodedError['code'], details?: CodedError['details']): void;
}

/** How media are cut into what players fetch. */
export interface Packaging {
  readonly segmentTargetMs: number;
  readonly partTargetMs: number;
  readonly dvrWindowMs: number;
}
