import type { VideoCodec } from '@media-analyzer/protocol';
import { fourCcName, videoCodecName } from './codec-names.js';
import {
  type EnhancedTag,
  type FlvPacket,
  IGNORED,
  MALFORMED,
  OTHER_TRACK,
  PacketType,
  readEnhancedHeader,
} from './flv-packet.js';

/** FLV codec numbers (FLV 10.1, E.4.3.1). HEVC as 12 is in no specification but sent by many encoders before 2023. */
const LEGACY_CODECS: Readonly<Record<number, VideoCodec>> = { 7: 'h264', 12: 'hevc' };
/** Enhanced RTMP v1 and v2. */
const FOUR_CCS: ReadonlyMap<string, VideoCodec> = new Map([
  ['avc1', 'h264'],
  ['hvc1', 'hevc'],
  ['av01', 'av1'],
]);
/** FourCCs that are carried, for the answer to `connect`. */
export const VIDEO_FOUR_CCS: readonly string[] = [...FOUR_CCS.keys()];

const FrameType = { Key: 1, GeneratedKey: 4, Command: 5 } as const;

/** Reads the body of a video message, legacy or enhanced. */
export function readVideoTag(tag: Buffer): FlvPacket<VideoCodec> {
  if (tag.length === 0) return IGNORED;
  const frameType = (tag[0]! >> 4) & 0x07;
  const enhanced = (tag[0]! & 0x80) !== 0;
  const low = tag[0]! & 0x0f;
  // A command frame is a seek marker of one byte, not a picture (E.4.3.1); enhanced metadata may use any frame type.
  if (frameType === FrameType.Command) return IGNORED;
  const keyframe = frameType === FrameType.Key || frameType === FrameType.GeneratedKey;
  return enhanced ? readEnhanced(tag, low, keyframe) : readLegacy(tag, low, keyframe);
}

function readLegacy(tag: Buffer, number: number, keyframe: boolean): FlvPacket<VideoCodec> {
  const codec = LEGACY_CODECS[number];
  if (codec === undefined) return { type: 'unsupported', codec: videoCodecName(number) };
  if (tag.length < 5) return MALFORMED;
  const body = tag.subarray(5);
  if (tag[1] === 0) return { type: 'configuration', codec, configuration: body };
  if (tag[1] !== 1 || body.length === 0) return IGNORED; // 2: end of sequence
  // The composition time is signed (E.4.3.2): encoders with B-frames may start below zero.
  const compositionMs = tag.readIntBE(2, 3);
  return { type: 'frame', codec, keyframe, compositionMs, fractionMs: 0, otherTracks: 0, data: body };
}

function readEnhanced(tag: Buffer, type: number, keyframe: boolean): FlvPacket<VideoCodec> {
  const header = readEnhancedHeader(tag, type, PacketType.VideoMultitrack);
  if (header === null) return MALFORMED;
  const { packetType, fourCc, body } = header;
  if (packetType === PacketType.Metadata || packetType === PacketType.SequenceEnd) return IGNORED;
  if (body === null) return OTHER_TRACK;
  const codec = FOUR_CCS.get(fourCc);
  if (codec === undefined) return { type: 'unsupported', codec: fourCcName(fourCc) };
  switch (packetType) {
    case PacketType.SequenceStart:
      return { type: 'configuration', codec, configuration: body };
    case PacketType.CodedFrames:
      if (codec === 'av1') return frame(codec, keyframe, header, 0, body); // AV1 has no composition time
      if (body.length < 3) return MALFORMED;
      return frame(codec, keyframe, header, body.readIntBE(0, 3), body.subarray(3));
    case PacketType.CodedFramesX:
      return frame(codec, keyframe, header, 0, body);
    default:
      return IGNORED; // MPEG-2 TS sequence start, and what later versions add
  }
}

function frame(
  codec: VideoCodec,
  keyframe: boolean,
  { fractionMs, otherTracks }: EnhancedTag,
  compositionMs: number,
  data: Buffer,
): FlvPacket<VideoCodec> {
  if (data.length === 0) return IGNORED;
  return { type: 'frame', codec, keyframe, compositionMs, fractionMs, otherTracks, data };
}
