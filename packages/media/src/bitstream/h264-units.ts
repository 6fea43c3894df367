import { CodedError, type KeyframeEntry } from '@media-analyzer/protocol';
import type { UnitReader } from './access-unit.js';
import { BitReader, unescapeNal } from './bit-reader.js';
import { readAvcSps } from './h264.js';
import { type NalSpans, startCodeSpans, startsWithCode } from './nal-framing.js';
import { type NalGrammar, type NalRole, NalUnitReader, type UnitRange } from './nal-units.js';
import { type ParameterSet, type ParameterSets, setsInForce } from './parameter-sets.js';
import { recoveryPoint } from './sei.js';

/** H.264 7.4.1, table 7-1. */
const Nal = { Slice: 1, PartitionA: 2, Idr: 5, Sei: 6, Sps: 7, Pps: 8, Delimiter: 9, Filler: 12 } as const;
const ROLES: Readonly<Record<number, NalRole>> = {
  ...{ 1: 'slice', 2: 'slice', 3: 'slice', 4: 'slice', 5: 'slice' },
  ...{ 6: 'before', 7: 'set', 8: 'set', 9: 'delimiter', 10: 'after', 11: 'after', 12: 'filler' },
  ...{ 13: 'before', 14: 'before', 15: 'before', 16: 'before', 17: 'before', 18: 'before' },
};
/** Enough of a slice for the fields of its header that are looked at. */
const SLICE_HEAD_BYTES = 32;
/** Profiles whose record ends with the chroma format (ISO/IEC 14496-15 5.3.3.1.2). */
const EXTENDED_PROFILES = new Set([100, 110, 122, 144, 244]);

/** Reads the messages of an H.264 publisher. */
export function h264Units(): UnitReader {
  return new NalUnitReader(GRAMMAR);
}

const GRAMMAR: NalGrammar = {
  codec: 'h264',
  headerBytes: 1,
  isUnit(data, at) {
    const type = data[at]! & 0x1f;
    return data[at]! < 0x80 && type >= 1 && type <= 23;
  },
  role: (data, at) => ROLES[data[at]! & 0x1f] ?? 'after',
  // first_mb_in_slice is 0, coded as a one. Partitions B and C belong to the A before them.
  startsPicture(data, at) {
    const type = data[at]! & 0x1f;
    return (type === Nal.Slice || type === Nal.PartitionA || type === Nal.Idr) && (data[at + 1] ?? 0) >= 0x80;
  },
  sameFrame(first, second, sets) {
    const a = sliceHead(first, sets);
    const b = sliceHead(second, sets);
    if (!a || !b || a.frameNum !== b.frameNum) return false;
    // The first slice of a picture may come again: redundant and lost pictures aside, that is its other field.
    return a.field !== null && b.field !== null && a.field !== b.field;
  },
  entry: entryOf,
  leading: () => null,
  readSet(nal) {
    const type = nal[0]! & 0x1f;
    const reader = new BitReader(unescapeNal(nal.subarray(1)), type === Nal.Sps ? 'H.264 SPS' : 'H.264 PPS');
    if (type === Nal.Sps) return { type, id: readAvcSps(nal).id, parent: null };
    return { type, id: reader.ueAtMost(255, 'pic_parameter_set_id'), parent: reader.ueAtMost(31, 'SPS of a PPS') };
  },
  readRecord,
  writeRecord,
  inForce: (sets, slice) => setsInForce(sets, ppsIdOf(slice), Nal, formatOf),
  formatOf(sets) {
    const sps = sets.find(({ type }) => type === Nal.Sps);
    return sps ? formatOf(sps) : '';
  },
};

/** A level or a rate may change without players noticing; this may not. */
function formatOf({ nal }: ParameterSet): string {
  const { width, height, chroma, bitDepth, pixelAspect, frameMbsOnly } = readAvcSps(nal);
  return [nal[1], width, height, chroma, bitDepth, pixelAspect?.join(':') ?? '', frameMbsOnly].join('/');
}

/** IDR, or a picture of I slices that says (or is said) to be a place to start, or a stretch that becomes whole. */
function entryOf({ data, spans, from, to }: UnitRange, claimed: boolean): KeyframeEntry | null {
  let recovery: number | null = null;
  let hinted = claimed;
  for (let i = from; i < to; i += 2) {
    const type = data[spans[i]!]! & 0x1f;
    if (type === Nal.Idr) return 'closed';
    if (type === Nal.Sei) recovery ??= recoveryPoint(data.subarray(spans[i]! + 1, spans[i + 1]), 'h264');
    else if (type === Nal.Sps || type === Nal.Pps) hinted = true;
  }
  if (recovery === null && !hinted) return null;
  if (onlyIntra({ data, spans, from, to })) return (recovery ?? 0) === 0 ? 'open' : 'gradual';
  return recovery === null ? null : 'gradual';
}

function onlyIntra({ data, spans, from, to }: UnitRange): boolean {
  for (let i = from; i < to; i += 2) {
    const type = data[spans[i]!]! & 0x1f;
    if (type !== Nal.Slice && type !== Nal.PartitionA) continue;
    const sliceType = sliceFields(data.subarray(spans[i], spans[i + 1]))?.sliceType;
    if (sliceType !== 2 && sliceType !== 4) return false; // I, SI
  }
  return true;
}

interface SliceHead {
  readonly frameNum: number;
  /** Null of a whole frame. */
  readonly field: 'top' | 'bottom' | null;
}

function sliceHead(slice: Uint8Array, sets: ParameterSets): SliceHead | null {
  return attempt(() => {
    const reader = headReader(slice);
    reader.ue(); // first_mb_in_slice
    reader.ue(); // slice_type
    const pps = sets.get(Nal.Pps, reader.ue());
    const sps = pps && sets.get(Nal.Sps, pps.parent ?? -1);
    if (!sps) return null;
    const { frameNumBits, frameMbsOnly, separatePlanes } = readAvcSps(sps.nal);
    if (separatePlanes) reader.skip(2);
    const frameNum = reader.bits(frameNumBits);
    const field = frameMbsOnly || !reader.flag() ? null : reader.flag() ? 'bottom' : 'top';
    return { frameNum, field };
  });
}

function ppsIdOf(slice: Uint8Array): number {
  return sliceFields(slice)?.ppsId ?? -1;
}

/** The first fields of a slice header (7.3.3); the type as if all slices of the picture were of the same. */
function sliceFields(slice: Uint8Array): { sliceType: number; ppsId: number } | null {
  const reader = headReader(slice);
  return attempt(() => {
    reader.ue(); // first_mb_in_slice
    const sliceType = reader.ue() % 5;
    return { sliceType, ppsId: reader.ue() };
  });
}

function headReader(slice: Uint8Array): BitReader {
  return new BitReader(unescapeNal(slice.subarray(1, SLICE_HEAD_BYTES)), 'H.264 slice header');
}

/** Null for what cannot be read: a slice that ends early decides nothing. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

/** Sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), or of bare units between start codes. */
export function readRecord(record: Uint8Array): { sets: Uint8Array[]; lengthSize: number } {
  if (startsWithCode(record)) {
    const spans: NalSpans = [];
    startCodeSpans(record, spans);
    const sets: Uint8Array[] = [];
    for (let i = 0; i < spans.length; i += 2) {
      if (ROLES[record[spans[i]!]! & 0x1f] === 'set') sets.push(record.subarray(spans[i], spans[i + 1]));
    }
    return { sets: checked(sets), lengthSize: 4 };
  }
  if (record.length < 7) throw invalid(`it has ${record.length} bytes, at least 7 are needed`);
  if (record[0] !== 1) throw invalid(`configurationVersion is ${record[0]}, must be 1`);
  const sets: Uint8Array[] = [];
  let at = 6;
  for (const mask of [0x1f, 0xff]) {
    const count = mask === 0x1f ? record[5]! & mask : (record[at++] ?? 0);
    for (let i = 0; i < count; i += 1) {
      const length = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      if (at + 2 + length > record.length)
        throw invalid(`a parameter set ends at byte ${at + 2 + length}, the record at ${record.length}`);
      if (length > 0) sets.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return { sets: checked(sets), lengthSize: (record[4]! & 3) + 1 };
}

function checked(sets: Uint8Array[]): Uint8Array[] {
  if (!sets.some((nal) => (nal[0]! & 0x1f) === Nal.Sps)) throw invalid('it has no sequence parameter set');
  return sets.filter((nal) => [Nal.Sps, Nal.Pps].some((type) => type === (nal[0]! & 0x1f)));
}

function invalid(problem: string): CodedError {
  return new CodedError('codec_configuration_invalid', { codec: 'h264', problem });
}

/** The first SPS is the one in force. */
function writeRecord(sets: readonly ParameterSet[]): Uint8Array {
  const sps = sets.filter(({ type }) => type === Nal.Sps).map(({ nal }) => nal);
  const pps = sets.filter(({ type }) => type === Nal.Pps).map(({ nal }) => nal);
  const first = sps[0];
  if (!first) throw invalid('it has no sequence parameter set');
  const bytes = [1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sps.length];
  const push = (nals: readonly Uint8Array[]): void => {
    for (const nal of nals) bytes.push(nal.length >> 8, nal.length & 0xff, ...nal);
  };
  push(sps);
  bytes.push(pps.length);
  push(pps);
  if (EXTENDED_PROFILES.has(first[1]!)) {
    const { chroma, bitDepth } = readAvcSps(first);
    const format = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'].indexOf(chroma);
    bytes.push(0xfc | format, 0xf8 | (bitDepth - 8), 0xf8 | (bitDepth - 8), 0);
  }
  return Uint8Array.from(bytes);
}
