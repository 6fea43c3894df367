import { CodedError, type CodedSample, type Track } from '@media-analyzer/protocol';
import { PacketType } from './flv-packet.js';

/** `legacy`: the forms of FLV 10.1 where the codec has one; `enhanced`: fourCC forms for everything. */
export type FlvForm = 'legacy' | 'enhanced';

const FOUR_CCS = { h264: 'avc1', hevc: 'hvc1', av1: 'av01', aac: 'mp4a', opus: 'Opus' } as const;
type Codec = keyof typeof FOUR_CCS;

/** AAC, 44 kHz, 16 bit, stereo: what the specification demands of AAC whatever its real parameters (E.4.2.1). */
const LEGACY_AAC = 0xaf;
const LEGACY_AVC = 7;
const ENHANCED_AUDIO = 0x90;
const ENHANCED_VIDEO = 0x80;
const KEY_FRAME = 0x10;
const INTER_FRAME = 0x20;

/** The sequence header of a track as the body of an audio or video message. */
export function writeTrackTag(track: Track, form: FlvForm): Buffer {
  const { codec, kind } = track;
  const configuration = codec === 'opus' ? opusHead(track.configuration) : track.configuration;
  if (form === 'legacy' && codec === 'h264')
    return Buffer.concat([Buffer.of(KEY_FRAME | LEGACY_AVC, 0, 0, 0, 0), configuration]);
  if (form === 'legacy' && codec === 'aac') return Buffer.concat([Buffer.of(LEGACY_AAC, 0), configuration]);
  const first = (kind === 'video' ? ENHANCED_VIDEO | KEY_FRAME : ENHANCED_AUDIO) | PacketType.SequenceStart;
  return Buffer.concat([Buffer.of(first), Buffer.from(FOUR_CCS[codec], 'latin1'), configuration]);
}

/**
 * A sample as the body of an audio or video message.
 *
 * @param compositionMs Presentation minus decode time, whole ms, signed 24 bit.
 * @throws CodedError `bitstream_invalid` when the composition time does not fit
 */
export function writeSampleTag(sample: CodedSample, codec: Codec, compositionMs: number, form: FlvForm): Buffer {
  if (sample.kind === 'audio') {
    const legacy = form === 'legacy' && codec === 'aac';
    const head = legacy ? Buffer.of(LEGACY_AAC, 1) : enhanced(ENHANCED_AUDIO | PacketType.CodedFrames, codec);
    return Buffer.concat([head, sample.data]);
  }
  const frameType = sample.keyframe ? KEY_FRAME : INTER_FRAME;
  if (form === 'legacy' && codec === 'h264')
    return Buffer.concat([Buffer.of(frameType | LEGACY_AVC, 1), int24(compositionMs), sample.data]);
  if (codec === 'av1')
    return Buffer.concat([enhanced(ENHANCED_VIDEO | frameType | PacketType.CodedFrames, codec), sample.data]);
  const first = ENHANCED_VIDEO | frameType;
  return compositionMs === 0
    ? Buffer.concat([enhanced(first | PacketType.CodedFramesX, codec), sample.data])
    : Buffer.concat([enhanced(first | PacketType.CodedFrames, codec), int24(compositionMs), sample.data]);
}

function enhanced(first: number, codec: Codec): Buffer {
  return Buffer.concat([Buffer.of(first), Buffer.from(FOUR_CCS[codec], 'latin1')]);
}

function int24(value: number): Buffer {
  if (value < -0x800000 || value > 0x7fffff)
    throw new CodedError('bitstream_invalid', {
      what: 'composition time',
      problem: `${value} ms do not fit in 24 bits`,
    });
  const bytes = Buffer.alloc(3);
  bytes.writeIntBE(value, 0, 3);
  return bytes;
}

/** Enhanced RTMP carries the identification header of RFC 7845 5.1: as `dOps`, but little-endian and with a magic. */
function opusHead(dops: Uint8Array): Buffer {
  const box = Buffer.from(dops);
  const head = Buffer.concat([Buffer.from('OpusHead', 'latin1'), box]);
  head[8] = 1;
  head.writeUInt16LE(box.readUInt16BE(2), 10);
  head.writeUInt32LE(box.readUInt32BE(4), 12);
  head.writeInt16LE(box.readInt16BE(8), 16);
  return head;
}
