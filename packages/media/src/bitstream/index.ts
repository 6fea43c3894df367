import type { AudioCodec, AudioTrack, VideoCodec, VideoTrack } from '@media-analyzer/protocol';
import { readAudioSpecificConfig } from './aac.js';
import { readAv1Configuration } from './av1.js';
import { displaySize, type PixelAspect } from './bit-reader.js';
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
  const { codecString, width, height, chroma, bitDepth, frameRate, pixelAspect } = VIDEO_READERS[codec](configuration);
  const display = displaySize({ width, height }, pixelAspect);
  return {
    ...{ kind: 'video', codec, codecString, configuration, width, height },
    ...{ displayWidth: display.width, displayHeight: display.height, chroma, bitDepth, frameRate },
  };
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

/** Plain AAC frames that decode to nothing heard, by number of channels: `max_sfb` is 0, so the sampling rate does not matter. */
const SILENT_AAC: Readonly<Record<number, Uint8Array>> = {
  1: Uint8Array.of(0x00, 0xc8, 0x00, 0x80, 0x23, 0x80),
  2: Uint8Array.of(0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80),
};

/** An access unit of silence for a track; null where none is known. */
export function silentAudioFrame({ codec, configuration }: AudioTrack): Uint8Array | null {
  if (codec !== 'aac') return null;
  const { codecString, channels, frameSamples } = readAudioSpecificConfig(configuration);
  return codecString === 'mp4a.40.2' && frameSamples === 1024 ? (SILENT_AAC[channels] ?? null) : null;
}
