/** What recordings need from the rest of the server. Declared here, by the consumer; roles hand in what fits. */
import type { Readable } from 'node:stream';
import type { Page, Presence, SeenClass, Session, ViewerFilter } from '@media-analyzer/protocol';

export interface PageRequest {
  /** Items at most, 1..1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Sessions as they are now, those on air included. Unknown ones are `stream_not_found` and `session_not_found`. */
export interface Sessions {
  sessions(streamId: string, page: PageRequest): Promise<Page<Session>>;
  session(streamId: string, sessionId: string): Promise<Session>;
  currentSession(streamId: string): Promise<Session | null>;
  /** @throws CodedError `session_live` */
  removeSession(streamId: string, sessionId: string): Promise<void>;
}

/** One stored segment. */
export interface StoredSegment {
  readonly name: string;
  readonly initName: string;
  /** Earliest PTS, ms. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** No media lie behind it. */
  readonly gap: boolean;
}

/** What is stored of sessions beside their own rows. */
export interface RecordingRows {
  /** What of each session counts for the viewer. */
  classesOf(sessionIds: readonly string[], filter: ViewerFilter): Promise<ReadonlyMap<string, SeenClass[]>>;
  /** Init segments of each session. */
  initCounts(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Segments in order of time. */
  listForSession(sessionId: string): Promise<readonly StoredSegment[]>;
  /** Start of the oldest stored media, ms. */
  firstMediaOf(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  presence(request: {
    readonly sessionId: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly everyMs?: number | undefined;
    readonly filter: ViewerFilter;
  }): Promise<Omit<Presence, 'pictures'>>;
  /** Those of the sessions that have a picture. */
  pictured(sessionIds: readonly string[]): Promise<ReadonlySet<string>>;
  nearestPicture(
    sessionId: string,
    atMs: number,
  ): Promise<{ readonly ptsMs: number; readonly settled: boolean } | null>;
}

/** Pictures and media as objects. */
export interface PictureObjects {
  /** A whole init segment or media segment; null when it is gone. */
  read(streamId: string, sessionId: string, name: string): Promise<Uint8Array | null>;
  openPicture(streamId: string, sessionId: string, ptsMs: number): Promise<Readable | null>;
}
