import type { AudioTrack, Track, UnsupportedTrack, VideoCodec, VideoTrack } from '@media-analyzer/protocol';
import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_OPUS,
  type AVCodecID,
} from 'node-av/constants';
import { Codec, type CodecParameters } from 'node-av/lib';
import { readAdts } from '../bitstream/adts.js';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../bitstream/index.js';
import { readable } from '../bitstream/readable.js';
import { annexBToLengthPrefixed, isAnnexB } from './annex-b.js';

/** How a native stream becomes a track, and its packets become coded samples. */
export interface SampleFormat<T extends Track> {
  readonly track: T;
  /** The packet's bytes in the form of coded samples, in memory of their own. */
  convert(data: Uint8Array): Uint8Array;
}

const VIDEO_CODECS: ReadonlyMap<AVCodecID, VideoCodec> = new Map<AVCodecID, VideoCodec>([
  [AV_CODEC_ID_H264, 'h264'],
  [AV_CODEC_ID_HEVC, 'hevc'],
  [AV_CODEC_ID_AV1, 'av1'],
]);

const copy = (data: Uint8Array): Uint8Array => Uint8Array.from(data);

/** @returns null when the product does not carry the codec, or when its configuration is missing or broken */
export function videoFormat(parameters: CodecParameters): SampleFormat<VideoTrack> | null {
  const codec = VIDEO_CODECS.get(parameters.codecId);
  const record = parameters.getDecoderConfigurationRecord();
  if (!codec || !record) return null;
  const track = readable(() => videoTrackFromConfiguration(codec, Uint8Array.from(record)));
  if (!track) return null;
  if (codec === 'av1') return { track, convert: withoutTemporalDelimiter };
  const extradata = parameters.extradata;
  const annexB = !extradata || isAnnexB(extradata);
  return { track, convert: annexB ? annexBToLengthPrefixed : copy };
}

/**
 * @param firstPacket where the container has no configuration (MPEG-TS), it is read from this
 * @returns null when the product does not carry the codec, or when its configuration is missing or broken
 */
export function audioFormat(
  parameters: CodecParameters,
  firstPacket: Uint8Array | null,
): SampleFormat<AudioTrack> | null {
  const { extradata } = parameters;
  if (parameters.codecId === AV_CODEC_ID_OPUS && extradata) {
    const track = readable(() => audioTrackFromConfiguration('opus', Uint8Array.from(extradata)));
    return track && { track, convert: copy };
  }
  if (parameters.codecId !== AV_CODEC_ID_AAC) return null;
  if (extradata && extradata.length > 0) {
    const track = readable(() => audioTrackFromConfiguration('aac', Uint8Array.from(extradata)));
    return track && { track, convert: copy };
  }
  const adts = firstPacket && readAdts(firstPacket);
  const track = adts && readable(() => audioTrackFromConfiguration('aac', adts.configuration));
  return track && { track, convert: (data) => copy(readAdts(data)?.data ?? data) };
}

/** A stream that cannot be carried, as it is shown to people. */
export function unsupported(kind: 'video' | 'audio', parameters: CodecParameters): UnsupportedTrack {
  return { kind, codec: Codec.findDecoder(parameters.codecId)?.name ?? `codec-${parameters.codecId}` };
}

/** Raw AV1 files begin each temporal unit with an empty delimiter OBU, which samples leave out (AV1 in ISOBMFF 2.4). */
function withoutTemporalDelimiter(data: Uint8Array): Uint8Array {
  return Uint8Array.from(data[0] === 0x12 && data[1] === 0 ? data.subarray(2) : data);
}
