import type { AudioCodec } from '@media-analyzer/protocol';
import { fourCcName, soundFormatName } from './codec-names.js';
import { type FlvPacket, IGNORED, MALFORMED, OTHER_TRACK, PacketType, readEnhancedHeader } from './flv-packet.js';

/** FLV sound formats (FLV 10.1, E.4.2.1; 9 was reserved until Enhanced RTMP v2). */
const SoundFormat = { Enhanced: 9, Aac: 10 } as const;
/** Enhanced RTMP v2. */
const FOUR_CCS: ReadonlyMap<string, AudioCodec> = new Map([
  ['mp4a', 'aac'],
  ['Opus', 'opus'],
]);
/** FourCCs that are carried, for the answer to `connect`. */
export const AUDIO_FOUR_CCS: readonly string[] = [...FOUR_CCS.keys()];

/** Reads the body of an audio message, legacy or enhanced. */
export function readAudioTag(tag: Buffer): FlvPacket<AudioCodec> {
  if (tag.length === 0) return IGNORED;
  const format = tag[0]! >> 4;
  if (format === SoundFormat.Enhanced) return readEnhanced(tag);
  if (format !== SoundFormat.Aac) return { type: 'unsupported', codec: soundFormatName(format) };
  if (tag.length < 2) return MALFORMED;
  const body = tag.subarray(2);
  if (tag[1] === 0) return { type: 'configuration', codec: 'aac', configuration: body };
  return frame('aac', 0, 0, body);
}

function readEnhanced(tag: Buffer): FlvPacket<AudioCodec> {
  const header = readEnhancedHeader(tag, tag[0]! & 0x0f, PacketType.Multitrack);
  if (header === null) return MALFORMED;
  const { packetType, fourCc, body, fractionMs, otherTracks } = header;
  if (packetType === PacketType.SequenceEnd) return IGNORED;
  if (body === null) return OTHER_TRACK;
  const codec = FOUR_CCS.get(fourCc);
  if (codec === undefined) return { type: 'unsupported', codec: fourCcName(fourCc) };
  switch (packetType) {
    case PacketType.SequenceStart:
      return { type: 'configuration', codec, configuration: body };
    case PacketType.CodedFrames:
      return frame(codec, fractionMs, otherTracks, body);
    default:
      return IGNORED; // the channel layout, which the configuration says too
  }
}

function frame(codec: AudioCodec, fractionMs: number, otherTracks: number, data: Buffer): FlvPacket<AudioCodec> {
  if (data.length === 0) return IGNORED;
  return { type: 'frame', codec, keyframe: true, compositionMs: 0, fractionMs, otherTracks, data };
}
