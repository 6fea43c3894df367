/**
 * The coded sample: the currency between sources (RTMP publisher, pulled URL, encoder) and consumers (packager, decoder,
 * recorder). Plain types without schemas, because a schema check per sample would cost more than packaging it.
 */

import type { CodedError } from './errors.js';

export type VideoCodec = 'h264' | 'hevc' | 'av1';
export type AudioCodec = 'aac' | 'opus';

/** Colour samples beside the luma samples: none, or at which resolution. */
export type Chroma = '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';

/** What a source announced and this product cannot carry. It becomes a status on the stream, not a crash. */
export interface UnsupportedTrack {
  readonly kind: 'video' | 'audio';
  /** Name in words that people know (`MP3`, `VP9`), or the fourCC when there are none. */
  readonly codec: string;
  /** Why; by default the codec is none of those that are carried. */
  readonly error?: CodedError;
}

export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381 string for `CODECS`, for example `avc1.64001f`. */
  readonly codecString: string;
  /** Payload of the configuration box: AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord or av1C. */
  readonly configuration: Uint8Array;
  /** Coded picture size after cropping, pixels. */
  readonly width: number;
  readonly height: number;
  /** The picture as it is displayed: square pixels. A side is stretched, none is shrunk, as browsers do. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly chroma: Chroma;
  /** Bits of a luma sample. */
  readonly bitDepth: number;
  /** Frames per second from the bitstream's timing information, or null when it has none. */
  readonly frameRate: number | null;
}

export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** RFC 6381 string for `CODECS`, for example `mp4a.40.2`. */
  readonly codecString: string;
  /** AudioSpecificConfig (AAC) or the payload of `dOps` (Opus). */
  readonly configuration: Uint8Array;
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** What a source sends of one kind: its codec and how to decode it. */
export type Track = VideoTrack | AudioTrack;

/**
 * How well decoding starts with a keyframe: `closed`, everything from here on can be decoded; `open`, pictures follow that need
 * earlier ones (`leading`); `gradual`, the picture is whole only some frames later.
 */
export type KeyframeEntry = 'closed' | 'open' | 'gradual';

/** One access unit. Video data are length-prefixed NAL units (H.264, HEVC) or a temporal unit (AV1), never Annex B. */
export interface CodedSample {
  readonly kind: 'video' | 'audio';
  /**
   * Presentation and decode time in milliseconds; fractions allowed. From a source they count on the source's own clock;
   * behind the session clock they count from the session's epoch.
   */
  readonly ptsMs: number;
  readonly dtsMs: number;
  /** Decoding can start here. Always true for audio. */
  readonly keyframe: boolean;
  /** Of a keyframe: how well decoding starts with it; `closed` when not given. */
  readonly entry?: KeyframeEntry;
  /** The picture refers to pictures before the keyframe that it follows: it is of no use to whoever starts there. */
  readonly leading?: boolean;
  readonly data: Uint8Array;
  /** Wall clock (Unix ms) when the last byte of the sample arrived at this server. */
  readonly capturedAt: number;
}
