import type { AudioCodec, VideoCodec } from '@media-analyzer/protocol';

/** What an audio or video tag says, whichever generation of FLV it was written in. */
export type FlvPacket<Codec extends VideoCodec | AudioCodec> =
  | { readonly type: 'configuration'; readonly codec: Codec; readonly configuration: Buffer }
  | {
      readonly type: 'frame';
      readonly codec: Codec;
      readonly keyframe: boolean;
      /** Presentation minus decode time, ms. */
      readonly compositionMs: number;
      /** To be added to both times, ms; below one. */
      readonly fractionMs: number;
      /** Tracks in the same tag beside this one. */
      readonly otherTracks: number;
      readonly data: Buffer;
    }
  | { readonly type: 'unsupported'; readonly codec: string }
  /** Nothing to carry and nothing wrong: an empty tag, an end of sequence, metadata, a command. */
  | { readonly type: 'ignored' }
  /** Only tracks beside track 0. */
  | { readonly type: 'other_track' }
  /** Shorter than its own header says. */
  | { readonly type: 'malformed' };

/** A packet that carries nothing for us. */
export const IGNORED = { type: 'ignored' } as const;
/** A packet shorter than its header says. */
export const MALFORMED = { type: 'malformed' } as const;
/** A packet of a track beyond the first. */
export const OTHER_TRACK = { type: 'other_track' } as const;

/** Packet types that enhanced audio and video tags share (Enhanced RTMP v2). */
export const PacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  CodedFramesX: 3,
  Metadata: 4,
  Multitrack: 5,
  VideoMultitrack: 6,
  ModEx: 7,
} as const;

export interface EnhancedTag {
  readonly packetType: number;
  readonly fourCc: string;
  readonly fractionMs: number;
  /** Of track 0 when the tag has several; null when it has only others. */
  readonly body: Buffer | null;
  readonly otherTracks: number;
}

/**
 * Reads the header that enhanced audio and video tags share: modifiers, multitrack, fourCC ("ExVideoTagHeader" and
 * "ExAudioTagHeader"). Null when the tag ends early.
 *
 * @param packetType From the low bits of the first byte.
 * @param multitrack Its number among the packet types of this kind.
 */
export function readEnhancedHeader(tag: Buffer, packetType: number, multitrack: number): EnhancedTag | null {
  let offset = 1;
  let fractionMs = 0;
  while (packetType === PacketType.ModEx) {
    if (offset + 1 > tag.length) return null;
    let size = tag[offset++]! + 1;
    if (size === 256) {
      if (offset + 2 > tag.length) return null;
      size = tag.readUInt16BE(offset) + 1;
      offset += 2;
    }
    if (offset + size + 1 > tag.length) return null;
    const modifier = tag[offset + size]!;
    // Type 0, TimestampOffsetNano: at most 999 999 ns; others change nothing that we carry.
    if (modifier >> 4 === 0 && size >= 3) fractionMs = (tag.readUIntBE(offset, 3) % 1_000_000) / 1e6;
    packetType = modifier & 0x0f;
    offset += size + 1;
  }
  if (packetType !== multitrack) {
    if (offset + 4 > tag.length) return null;
    return { packetType, fourCc: readFourCc(tag, offset), fractionMs, body: tag.subarray(offset + 4), otherTracks: 0 };
  }
  return readMultitrack(tag, offset, fractionMs);
}

/** 0: one track (with its id), 1: many of one codec, 2: many, each with its codec. */
function readMultitrack(tag: Buffer, start: number, fractionMs: number): EnhancedTag | null {
  let offset = start;
  if (offset + 1 > tag.length) return null;
  const kind = tag[offset]! >> 4;
  const packetType = tag[offset++]! & 0x0f;
  let fourCc = '';
  if (kind < 2) {
    if (offset + 4 > tag.length) return null;
    fourCc = readFourCc(tag, offset);
    offset += 4;
  }
  let tracks = 0;
  let first: Buffer | null = null;
  while (offset < tag.length) {
    if (kind >= 2) {
      if (offset + 4 > tag.length) return null;
      if (first === null) fourCc = readFourCc(tag, offset);
      offset += 4;
    }
    if (offset + 1 > tag.length) return null;
    const id = tag[offset++]!;
    let end = tag.length;
    if (kind > 0) {
      if (offset + 3 > tag.length) return null;
      end = offset + 3 + tag.readUIntBE(offset, 3);
      offset += 3;
      if (end > tag.length) return null;
    }
    if (id === 0 && first === null) first = tag.subarray(offset, end);
    tracks++;
    offset = end;
  }
  return { packetType, fourCc, fractionMs, body: first, otherTracks: first === null ? tracks : tracks - 1 };
}

/** Four printable characters, or the bytes in hexadecimal: the value ends up in logs and pages. */
function readFourCc(tag: Buffer, offset: number): string {
  const text = tag.toString('latin1', offset, offset + 4);
  return /^[A-Za-z0-9 .+-]{4}$/.test(text) ? text.trimEnd() : `0x${tag.toString('hex', offset, offset + 4)}`;
}
