/**
 * What the HTTP side needs from the rest of the server. Declared here, by the consumer, and kept narrow: the providers do
 * not know this file. Every method may throw a `CodedError`; its code decides the status and the body of the answer.
 */
import type { Readable } from 'node:stream';
import type {
  Analysis,
  AnalysisQuery,
  CreateStream,
  DownloadQuery,
  Interval,
  IntervalFilter,
  ModelStatus,
  NoticeRecord,
  Page,
  Presence,
  PresenceQuery,
  Problem,
  Recording,
  RecordingsQuery,
  Stream,
  StreamHealth,
  SystemStatus,
  UpdateStream,
  UpdateSystem,
  ViewerFilter,
} from '@media-analyzer/protocol';

/** `cursor` is the `nextCursor` of the page before; one that was not given out is refused with `cursor_invalid`. */
export interface PageRequest {
  /** Items at most, 1..1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Thumbnail {
  /** A JPEG picture. */
  readonly bytes: Uint8Array;
  /** Unix ms when the picture was taken; the ETag is made of it. */
  readonly at: number;
}

/** An unknown stream is `stream_not_found` in every method that takes a stream id. */
export interface StreamService {
  list(page: PageRequest): Promise<Page<Stream>>;
  create(input: CreateStream): Promise<Stream>;
  get(streamId: string): Promise<Stream>;
  update(streamId: string, patch: UpdateStream): Promise<Stream>;
  /** Deletes the stream with its sessions and media. */
  remove(streamId: string): Promise<void>;
  /** Gives the stream a new key; the old one is refused from now on. */
  rotateKey(streamId: string): Promise<Stream>;
  health(streamId: string): Promise<StreamHealth>;
  /** The newest picture of the stream, or null while there is none. */
  thumbnail(streamId: string): Promise<Thumbnail | null>;
}

/** A small picture of a session. */
export interface SessionPicture {
  /** PTS of the frame, ms. */
  readonly ptsMs: number;
  /** The same question will get the same answer: caches may keep it. */
  readonly settled: boolean;
  /** A JPEG picture. Called at most once. */
  open(): Promise<Readable>;
}

/** A recording as one file. */
export interface Download {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Unix ms of its first picture, for its name. */
  readonly startsAt: number;
  /** Changes when the file does. */
  readonly etag: string;
  /** Reads as fast as the client takes it, a segment at a time. */
  open(range?: ByteRange): Readable;
}

/** An unknown stream is `stream_not_found`, an unknown session `session_not_found`, in every method. */
export interface RecordingService {
  /** Newest first. */
  list(streamId: string, query: RecordingsQuery): Promise<Page<Recording>>;
  get(streamId: string, sessionId: string, filter: ViewerFilter): Promise<Recording>;
  /** Deletes a session that is over, with its media and results. @throws session_live */
  remove(streamId: string, sessionId: string): Promise<void>;
  /** The picture at or right before `atMs` (PTS), by default the newest. @throws picture_not_found */
  picture(streamId: string, sessionId: string, atMs?: number): Promise<SessionPicture>;
  presence(streamId: string, query: PresenceQuery): Promise<Presence>;
  /** @throws download_empty, download_in_parts */
  download(streamId: string, sessionId: string, query: DownloadQuery): Promise<Download>;
}

/** A playlist as text. */
export interface PlaylistDocument {
  readonly body: string;
  /** Entity tag without quotes, the same for the same body. */
  readonly etag: string;
  /** The session is over: the playlist gets no more media. Decides how long caches may keep it. */
  readonly ended: boolean;
}

/** Delivery directives of a media playlist request (RFC 8216bis, section 6.2.5). */
export interface MediaPlaylistRequest {
  /** `_HLS_msn`: answer only when the playlist has this media sequence number. */
  readonly msn?: number | undefined;
  /** `_HLS_part`: ... and this part of it. Never without `msn`. */
  readonly part?: number | undefined;
  /** `_HLS_skip=YES|v2`: a delta update is welcome. */
  readonly skip: boolean;
  /** Aborts when the client has gone or the server stops: a blocked request must let go then. */
  readonly signal: AbortSignal;
}

/** Bytes of a file, both ends inclusive, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** An init segment, media segment or part. Its bytes never change under the same name. */
export type PlaybackFile =
  | {
      readonly bytes: Uint8Array;
      /** To be called when the bytes are sent, or never will be: their memory is then used for others. */
      release(): void;
    }
  | {
      /** Bytes of the whole file. */
      readonly size: number;
      /** Called at most once, and not at all for HEAD and 304. */
      open(range?: ByteRange): Readable | Promise<Readable>;
    };

export interface PlaybackService {
  /**
   * The multivariant playlist of a session, by default of the current or newest one.
   * @throws stream_not_found, session_not_found, playback_not_found (nothing to play yet)
   */
  multivariant(streamId: string, sessionId?: string): Promise<PlaylistDocument>;
  /**
   * The media playlist, blocking while `msn`/`part` lie ahead.
   * @throws playlist_too_far_ahead, playlist_timeout, session_not_found, stream_not_found, playback_not_found
   */
  mediaPlaylist(streamId: string, sessionId: string, request: MediaPlaylistRequest): Promise<PlaylistDocument>;
  /** Everything stored of a session, from its first segment on; `ended` says that it will not grow. */
  recording(streamId: string, sessionId: string): Promise<PlaylistDocument>;
  /**
   * A file named in a playlist; null when there is none. A part that the playlist hints at (EXT-X-PRELOAD-HINT) is waited for.
   * `name` has passed the strict pattern of playback file names (see playback.ts): no slash, and no dot beside another.
   */
  file(streamId: string, sessionId: string, name: string, signal: AbortSignal): Promise<PlaybackFile | null>;
}

export interface AnalysisService {
  /** Analyses ordered by PTS. @throws stream_not_found, session_not_found, cursor_invalid */
  query(streamId: string, query: AnalysisQuery): Promise<Page<Analysis>>;
}

/** Intervals of one session. */
export interface SessionIntervals {
  /** Unix ms of PTS 0. */
  readonly epochAt: number;
  /** In the order of the filter. @throws cursor_invalid */
  page(page: PageRequest): Promise<Page<Interval>>;
}

export interface IntervalService {
  /** What of a session passes the filter; null when the stream has no session yet. @throws stream_not_found, session_not_found */
  open(streamId: string, filter: IntervalFilter): Promise<SessionIntervals | null>;
}

export interface ModelService {
  list(): Promise<ModelStatus[]>;
  /** What a model can find. @throws model_unknown */
  labels(name: string): Promise<readonly string[]>;
  /** Starts the fetch of a model, or joins the one that runs, and answers at once with its state. @throws model_unknown */
  fetch(name: string): Promise<ModelStatus>;
}

/** Whether the demo is on air, and on which stream. */
export type DemoStatus = SystemStatus['demo'];

export interface SystemService {
  status(): Promise<SystemStatus>;
  /**
   * Changes what can be changed while the server runs; answers when it is in force.
   * @throws model_unknown, model_missing, model_hash_mismatch, model_switch_failed
   */
  update(change: UpdateSystem): Promise<SystemStatus>;
  /** Whether this process can do its work; `problems` says what is in the way. */
  ready(): Promise<{ readonly ready: boolean; readonly problems: readonly Problem[] }>;
  /** Publishes the demo clip in a loop; a running demo is joined. @throws demo_clip_missing */
  /** What operators had to know, the newest news first. */
  notices(): Promise<NoticeRecord[]>;
  startDemo(): Promise<DemoStatus>;
  stopDemo(): Promise<DemoStatus>;
}

/** Everything that the routes need. */
export interface HttpServices {
  readonly streams: StreamService;
  readonly recordings: RecordingService;
  readonly playback: PlaybackService;
  readonly analyses: AnalysisService;
  readonly intervals: IntervalService;
  readonly models: ModelService;
  readonly system: SystemService;
}
