import type { AudioCodec, AudioTrack, VideoCodec, VideoTrack } from '@media-analyzer/protocol';
import { readAudioSpecificConfig } from './aac.js';
import { readAv1Configuration } from './av1.js';
import type { PixelAspect } from './bit-reader.js';
import { readAvcConfiguration, type VideoFormat } from './h264.js';
import { readHevcConfiguration } from './hevc.js';
import { OPUS_SAMPLE_RATE, opusPacketSamples, readOpusConfiguration } from './opus.js';

export type { PixelAspect } from './bit-reader.js';
export { nalLengthSize } from './h264.js';

const VIDEO_READERS: Readonly<Record<VideoCodec, (configuration: Uint8Array) => VideoFormat>> = {
  h264: readAvcConfiguration,
  hevc: readHevcConfiguration,
  av1: readAv1Configuration,
};

/**
 * Describes a video track from its decoder configuration.
 *
 * @param configuration Payload of `avcC`, `hvcC` or `av1C`; kept by reference in the track.
 * @throws CodedError `codec_configuration_invalid` when the record is broken, `bitstream_invalid` when the sequence header
 *   in it is.
 */
export function videoTrackFromConfiguration(codec: VideoCodec, configuration: Uint8Array): VideoTrack {
  const { codecString, width, height, frameRate } = VIDEO_READERS[codec](configuration);
  return { kind: 'video', codec, codecString, configuration, width, height, frameRate };
}

/**
 * Describes an audio track from its decoder configuration.
 *
 * @param configuration AudioSpecificConfig; for Opus the payload of `dOps`, or an `OpusHead` packet, which is converted.
 * @throws CodedError `codec_configuration_invalid` or `bitstream_invalid` on broken bytes, `codec_unsupported` for an audio
 *   object type that is not plain AAC.
 */
export function audioTrackFromConfiguration(codec: AudioCodec, configuration: Uint8Array): AudioTrack {
  if (codec === 'opus') {
    const opus = readOpusConfiguration(configuration);
    return {
      kind: 'audio',
      codec,
      codecString: 'opus',
      configuration: opus.configuration,
      sampleRate: OPUS_SAMPLE_RATE,
      channels: opus.channels,
    };
  }
  const { codecString, sampleRate, channels } = readAudioSpecificConfig(configuration);
  return { kind: 'audio', codec, codecString, configuration, sampleRate, channels };
}

/** Shape of the pixels of a video track, or null when it does not say: square. */
export function pixelAspect(track: VideoTrack): PixelAspect | null {
  return VIDEO_READERS[track.codec](track.configuration).pixelAspect;
}

/**
 * How many samples per channel one access unit decodes to, at the track's sample rate. For AAC the track decides, for Opus
 * each packet.
 */
export function audioFrameSampler(track: AudioTrack): (data: Uint8Array) => number {
  if (track.codec === 'opus') return opusPacketSamples;
  const { frameSamples } = readAudioSpecificConfig(track.configuration);
  return () => frameSamples;
}
