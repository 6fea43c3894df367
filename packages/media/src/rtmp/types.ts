import type {
  CodedError,
  CodedSample,
  ErrorCode,
  ErrorDetails,
  Track,
  UnsupportedTrack,
} from '@media-analyzer/protocol';
import type { RtmpLimits } from './limits.js';

/** Receives log lines. `fields` never contain a stream key, nor any text that the peer sent before it was authorised. */
export type RtmpLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  text: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface RtmpServerOptions {
  readonly host: string;
  /** 0 takes a free port; `listen()` returns the one that was taken. */
  readonly port: number;
  /** The only application that is served; `live` when not given. */
  readonly app?: string;
  /**
   * Asked once per `publish` command, before `NetStream.Publish.Start`. Reading from the publisher is paused until the
   * answer is there. A rejected promise refuses the publisher with code `internal`.
   */
  readonly authorize: (request: PublishRequest) => PublishDecision | Promise<PublishDecision>;
  /** A publisher was turned away without the owner being asked: at the door, by its deadline, by its own mistakes. */
  readonly onRefused?: (refusal: RtmpRefusal) => void;
  readonly log?: RtmpLog;
  readonly limits?: Partial<RtmpLimits>;
}

/** Why somebody could not publish who never got as far as `authorize`. */
export interface RtmpRefusal {
  readonly error: CodedError;
  readonly remoteAddress: string;
  /** As in `PublishRequest`; null before `connect`. */
  readonly encoder: string | null;
}

export interface PublishRequest {
  readonly app: string;
  /** The key, out of whatever application and name the encoder sent. Secret: never log it. */
  readonly streamKey: string;
  /** What followed `?` in the name, without the question mark; empty when there was none. As secret as the key. */
  readonly query: string;
  readonly remoteAddress: string;
  /** `flashVer` of the `connect` command, at most 200 characters; the exact product often follows in the metadata. */
  readonly encoder: string | null;
  readonly connection: RtmpConnectionHandle;
}

/** The hold that the owner of a sink has on the connection behind it. All methods are safe after the end. */
export interface RtmpConnectionHandle {
  /** Unique within the process; the same id stands in the log lines of the connection. */
  readonly id: string;
  readonly remoteAddress: string;
  /** Milliseconds since the last byte of the peer: what a takeover of a half-open publisher is decided on. */
  silentMs(): number;
  /** Bytes received on the socket, handshake included. */
  bytesReceived(): number;
  /**
   * Tells the publisher (an `onStatus` of level `error` with the registry's text for the code) and closes. The sink's
   * `onEnd` has been called when this returns.
   */
  close(code: ErrorCode, details?: ErrorDetails): void;
}

/** Whether a publisher may send, and where its media go, or why not. */
export type PublishDecision =
  | { readonly accept: true; readonly sink: PublishSink }
  | { readonly accept: false; readonly code: ErrorCode; readonly details?: ErrorDetails };

/**
 * Where the media of one accepted publisher go. Calls are synchronous, in order, and never after `onEnd`. A sink that
 * throws ends its own connection with code `internal`.
 */
export interface PublishSink {
  /** First configuration of a kind, and each one that differs from the one before; repeats are not reported. */
  onTrack(track: Track | UnsupportedTrack): void;
  /** Only after `onTrack` of the same kind. `sample.data` is free to keep, and keeps little memory beside its own. */
  onSample(sample: CodedSample): void;
  /** Something is odd about the media; told each time that it is seen. */
  onTrouble?(trouble: MediaTrouble, kind: Track['kind']): void;
  /** `onMetaData` of the publisher. Values are as the publisher sent them: check before use. */
  onMetadata?(metadata: Record<string, unknown>): void;
  /** Exactly once, also when the peer vanished while `authorize` was still deciding. */
  onEnd(reason: PublishEndReason): void;
}

/** What can be odd about published media. */
export type MediaTrouble =
  | 'before_configuration' // media come, and nothing has said yet how to decode them
  | 'damaged' // a picture could not be passed on
  | 'parameter_sets_unstable' // they change so often that players are not told of each change
  | 'parameter_sets_unreadable';

export type PublishEndReason =
  /** The publisher said so: FCUnpublish, deleteStream or closeStream. */
  | { readonly kind: 'unpublished' }
  /** The connection ended without a word. */
  | { readonly kind: 'disconnected' }
  /** The owner closed it through the handle. */
  | { readonly kind: 'closed'; readonly code: ErrorCode; readonly message: string }
  /** A deadline, a limit or a breach of the protocol. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'server_stopped' };

export interface RtmpServerStats {
  /** Open now. */
  readonly connections: number;
  /** Of these, accepted publishers. */
  readonly publishers: number;
  /** Since `listen()`. */
  readonly acceptedConnections: number;
  /** Turned away at the door because of `maxConnections` or `maxConnectionsPerAddress`. */
  readonly refusedConnections: number;
  readonly acceptedPublishers: number;
  readonly refusedPublishers: number;
  readonly bytesReceived: number;
  readonly samples: { readonly video: number; readonly audio: number };
  /** Samples that did not reach a sink, by reason. */
  readonly dropped: Readonly<Record<SampleDropReason, number>>;
  /** Ended connections by end: an error code, or the kind of an end without one. */
  readonly ends: Readonly<Record<string, number>>;
}

export const SAMPLE_DROP_REASONS = [
  'before_configuration', // media before anything said how to decode them
  'unsupported_codec', // media of a track that cannot be carried
  'other_track', // enhanced RTMP multitrack: all but track 0
  'malformed', // a tag shorter than its own header says
  'broken', // a picture whose units cannot be told apart
  'incomplete', // a piece of a picture without its beginning, and what cannot be decoded after a loss
  'not_publishing', // media outside of an accepted publish
] as const;
export type SampleDropReason = (typeof SAMPLE_DROP_REASONS)[number];
