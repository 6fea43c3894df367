/**
 * The coded sample: the currency between sources (RTMP publisher, pulled URL, encoder) and consumers (packager, decoder,
 * recorder). Plain types without schemas, because a schema check per sample would cost more than packaging it.
 */

export type VideoCodec = 'h264' | 'hevc' | 'av1';
export type AudioCodec = 'aac' | 'opus';

/** A codec that a source announced and that this product cannot carry. It becomes a status on the stream, not a crash. */
export interface UnsupportedTrack {
  readonly kind: 'video' | 'audio';
  /** Name as the source gave it: a fourCC (`vp09`), or the number of a legacy FLV codec (`flv-video-2`). */
  readonly codec: string;
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
  readonly data: Uint8Array;
  /** Wall clock (Unix ms) when the last byte of the sample arrived at this server. */
  readonly capturedAt: number;
}
