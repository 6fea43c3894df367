/**
 * What one peer may cost. Every value can be set by the owner of the server; the defaults hold for any encoder that we
 * know of. Durations in milliseconds, sizes in bytes.
 */
export interface RtmpLimits {
  readonly handshakeTimeoutMs: number;
  readonly publishTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly usableTrackTimeoutMs: number;
  readonly lingerMs: number;
  readonly maxMessageBytes: number;
  readonly maxCommandBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxUnsentBytes: number;
  readonly maxChunkStreams: number;
  readonly maxAmfDepth: number;
  readonly maxAmfValues: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  /** ms from accept to the end of the handshake. Three round trips; 10 s also covers a satellite link. */
  handshakeTimeoutMs: 10_000,
  /** ms from the end of the handshake (or of an earlier publish) to an accepted publish. Encoders take under a second. */
  publishTimeoutMs: 15_000,
  /**
   * ms without a byte. A publisher sends many messages a second; at half of the time it is pinged, so that one which
   * has nothing to send but lives is kept. Below the usual 30 s reconnect window, so that the gap is seen as one.
   */
  idleTimeoutMs: 20_000,
  /** ms from Publish.Start to the first track that can be carried. Covers encoders that start their codec late. */
  usableTrackTimeoutMs: 20_000,
  /** ms that a closed peer gets to take the last status before the socket is destroyed. */
  lingerMs: 1_000,
  /** Bytes of an audio, video or aggregate message. An intra frame of 2160p at 100 Mbit/s stays below 4 MiB. */
  maxMessageBytes: 8 * 1024 * 1024,
  /** Bytes of any other message. Metadata and commands of real encoders stay below 2 KiB. */
  maxCommandBytes: 64 * 1024,
  /** Bytes allocated for messages that are not complete, per connection: one of the largest and some beside it. */
  maxBufferedBytes: 12 * 1024 * 1024,
  /** Bytes of our answers that the peer has not taken. A peer that asks and never reads is closed. */
  maxUnsentBytes: 64 * 1024,
  /** Chunk streams per connection. Real encoders use fewer than ten. */
  maxChunkStreams: 64,
  /** Levels of nested AMF objects and arrays. Metadata have two. */
  maxAmfDepth: 16,
  /** AMF values in one message, nested ones included. Metadata have about twenty. */
  maxAmfValues: 2_048,
  /** Open connections in total. A laptop's file descriptors, and far more than one core can package. */
  maxConnections: 500,
  /** Open connections of one address. Several encoders behind one router, and a restarted one beside its dead twin. */
  maxConnectionsPerAddress: 50,
};
