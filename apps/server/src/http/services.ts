/**
 * What the HTTP side needs from the rest of the server. Declared here, by the consumer, and kept narrow: the providers do
 * not know this file. Every method may throw a `CodedError`; its code decides the status and the body of the answer.
 */
import type { Readable } from 'node:stream';
import type {
  Analysis,
  AnalysisQuery,
  CreateStream,
  ModelStatus,
  Page,
  Problem,
  Session,
  Stream,
  StreamHealth,
  SystemStatus,
  UpdateStream,
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
  /** Newest first. */
  sessions(streamId: string, page: PageRequest): Promise<Page<Session>>;
  /** An unknown session is `session_not_found`. */
  session(streamId: string, sessionId: string): Promise<Session>;
  /** The newest picture of the stream, or null while there is none. */
  thumbnail(streamId: string): Promise<Thumbnail | null>;
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
  | { readonly bytes: Uint8Array }
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

export interface ModelService {
  list(): Promise<ModelStatus[]>;
  /** Starts the fetch of a model, or joins the one that runs, and answers at once with its state. @throws model_unknown */
  fetch(name: string): Promise<ModelStatus>;
}

/** Whether the demo is on air, and on which stream. */
export type DemoStatus = SystemStatus['demo'];

export interface SystemService {
  status(): Promise<SystemStatus>;
  /** Whether this process can do its work; `problems` says what is in the way. */
  ready(): Promise<{ readonly ready: boolean; readonly problems: readonly Problem[] }>;
  /** Publishes the demo clip in a loop; a running demo is joined. @throws demo_clip_missing */
  startDemo(): Promise<DemoStatus>;
  stopDemo(): Promise<DemoStatus>;
}

/** Everything that the routes need. */
export interface HttpServices {
  readonly streams: StreamService;
  readonly playback: PlaybackService;
  readonly analyses: AnalysisService;
  readonly models: ModelService;
  readonly system: SystemService;
}
