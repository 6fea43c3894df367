import { CodedError, type KeyframeEntry } from '@media-analyzer/protocol';
import type { UnitReader } from './access-unit.js';
import { BitReader, unescapeNal } from './bit-reader.js';
import { readHevcSps } from './hevc.js';
import { type NalSpans, startCodeSpans, startsWithCode } from './nal-framing.js';
import { type NalGrammar, type NalRole, NalUnitReader, type UnitRange } from './nal-units.js';
import { type ParameterSet, setsInForce } from './parameter-sets.js';
import { recoveryPoint } from './sei.js';

/** HEVC 7.4.2.2, table 7-1. */
const Nal = {
  ...{ RaslN: 8, RaslR: 9, BlaFirst: 16, BlaLast: 18, IdrRadl: 19, IdrNoLeading: 20, Cra: 21, LastIrap: 23 },
  ...{ LastSlice: 31, Vps: 32, Sps: 33, Pps: 34, Delimiter: 35, SequenceEnd: 36, StreamEnd: 37, Filler: 38 },
  ...{ PrefixSei: 39, SuffixSei: 40 },
} as const;
/** Of a VPS, SPS, PPS in the record: complete arrays (ISO/IEC 14496-15 8.3.3.1). */
const ARRAY_COMPLETE = 0x80;

/** Reads the messages of an HEVC publisher. */
export function hevcUnits(): UnitReader {
  return new NalUnitReader(GRAMMAR);
}

const typeAt = (data: Uint8Array, at: number): number => (data[at]! >> 1) & 0x3f;

const GRAMMAR: NalGrammar = {
  codec: 'hevc',
  headerBytes: 2,
  // nuh_temporal_id_plus1 is never 0.
  isUnit: (data, at) => data[at]! < 0x80 && typeAt(data, at) <= 47 && ((data[at + 1] ?? 0) & 7) !== 0,
  role: roleOf,
  startsPicture: (data, at) => (data[at + 2] ?? 0) >= 0x80, // first_slice_segment_in_pic_flag
  sameFrame: () => false, // fields are pictures of their own
  entry: entryOf,
  leading: (data, at) => typeAt(data, at) === Nal.RaslN || typeAt(data, at) === Nal.RaslR,
  readSet(nal) {
    const type = typeAt(nal, 0);
    if (type === Nal.Sps) {
      const { id, vpsId } = readHevcSps(nal);
      return { type, id, parent: vpsId };
    }
    const reader = new BitReader(unescapeNal(nal.subarray(2)), type === Nal.Vps ? 'HEVC VPS' : 'HEVC PPS');
    if (type === Nal.Vps) return { type, id: reader.bits(4), parent: null };
    return { type, id: reader.ueAtMost(63, 'pps_pic_parameter_set_id'), parent: reader.ueAtMost(15, 'SPS of a PPS') };
  },
  readRecord,
  writeRecord,
  inForce: (sets, slice) => setsInForce(sets, ppsIdOf(slice), Nal, formatOf),
  formatOf(sets) {
    const sps = sets.find(({ type }) => type === Nal.Sps);
    return sps ? formatOf(sps) : '';
  },
};

function roleOf(data: Uint8Array, at: number): NalRole {
  const type = typeAt(data, at);
  // Layers above the base belong to their picture: nobody here decodes them.
  const layer = ((data[at]! & 1) << 5) | ((data[at + 1] ?? 0) >> 3);
  if (layer > 0) return 'after';
  if (type <= Nal.LastSlice) return 'slice';
  if (type <= Nal.Pps) return 'set';
  if (type === Nal.Delimiter) return 'delimiter';
  if (type === Nal.Filler) return 'filler';
  return type === Nal.PrefixSei || (type >= 41 && type <= 44) ? 'before' : 'after';
}

function formatOf({ nal }: ParameterSet): string {
  const { width, height, chroma, bitDepth, pixelAspect } = readHevcSps(nal);
  // Space, tier and profile: the byte behind the sub-layers, which no escape comes before.
  return [(nal[3] ?? 0) & 0xff, width, height, chroma, bitDepth, pixelAspect?.join(':') ?? ''].join('/');
}

function entryOf({ data, spans, from, to }: UnitRange): KeyframeEntry | null {
  let recovery: number | null = null;
  for (let i = from; i < to; i += 2) {
    const type = typeAt(data, spans[i]!);
    if (type === Nal.IdrRadl || type === Nal.IdrNoLeading) return 'closed';
    if (type >= Nal.BlaFirst && type <= Nal.LastIrap) return 'open';
    if (type === Nal.PrefixSei) recovery ??= recoveryPoint(data.subarray(spans[i]! + 2, spans[i + 1]), 'hevc');
  }
  return recovery === null ? null : 'gradual';
}

/** slice_pic_parameter_set_id (7.3.6.1): -1 when it cannot be read. */
function ppsIdOf(slice: Uint8Array): number {
  const reader = new BitReader(unescapeNal(slice.subarray(2, 16)), 'HEVC slice header');
  const type = typeAt(slice, 0);
  try {
    reader.skip(type >= Nal.BlaFirst && type <= Nal.LastIrap ? 2 : 1);
    return reader.ue();
  } catch (error) {
    if (error instanceof CodedError) return -1;
    throw error;
  }
}

/** Sets of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1), or of bare units between start codes. */
function readRecord(record: Uint8Array): { sets: Uint8Array[]; lengthSize: number } {
  const sets: Uint8Array[] = [];
  if (startsWithCode(record)) {
    const spans: NalSpans = [];
    startCodeSpans(record, spans);
    for (let i = 0; i < spans.length; i += 2) {
      if (roleOf(record, spans[i]!) === 'set') sets.push(record.subarray(spans[i], spans[i + 1]));
    }
    return { sets: checked(sets), lengthSize: 4 };
  }
  if (record.length < 23) throw invalid(`it has ${record.length} bytes, at least 23 are needed`);
  if (record[0] !== 1) throw invalid(`configurationVersion is ${record[0]}, must be 1`);
  let at = 23;
  const u16 = (offset: number): number => ((record[offset] ?? 0) << 8) | (record[offset + 1] ?? 0);
  for (let array = 0; array < record[22]!; array += 1) {
    const count = u16(at + 1);
    at += 3;
    for (let i = 0; i < count; i += 1) {
      const end = at + 2 + u16(at);
      if (end > record.length) throw invalid(`a NAL unit ends at byte ${end}, the record at ${record.length}`);
      if (end > at + 4 && roleOf(record, at + 2) === 'set') sets.push(record.subarray(at + 2, end));
      at = end;
    }
  }
  return { sets: checked(sets), lengthSize: (record[21]! & 3) + 1 };
}

function checked(sets: Uint8Array[]): Uint8Array[] {
  if (!sets.some((nal) => typeAt(nal, 0) === Nal.Sps)) throw invalid('it has no sequence parameter set');
  return sets;
}

function invalid(problem: string): CodedError {
  return new CodedError('codec_configuration_invalid', { codec: 'hevc', problem });
}

function writeRecord(sets: readonly ParameterSet[]): Uint8Array {
  const sps = sets.find(({ type }) => type === Nal.Sps);
  if (!sps) throw invalid('it has no sequence parameter set');
  const { chromaFormat, bitDepth, chromaBitDepth, temporalLayers, temporalIdNested } = readHevcSps(sps.nal);
  const general = unescapeNal(sps.nal.subarray(2, 32)).subarray(1, 13);
  const layers = (temporalLayers << 3) | (temporalIdNested ? 4 : 0) | 3;
  const bytes = [1, ...general, 0xf0, 0, 0xfc, 0xfc | chromaFormat];
  bytes.push(0xf8 | (bitDepth - 8), 0xf8 | (chromaBitDepth - 8), 0, 0, layers);
  const kinds = [Nal.Vps, Nal.Sps, Nal.Pps].map((type) => sets.filter((set) => set.type === type));
  bytes.push(kinds.filter((kind) => kind.length > 0).length);
  for (const kind of kinds) {
    if (kind.length === 0) continue;
    bytes.push(ARRAY_COMPLETE | kind[0]!.type, kind.length >> 8, kind.length & 0xff);
    for (const { nal } of kind) bytes.push(nal.length >> 8, nal.length & 0xff, ...nal);
  }
  return Uint8Array.from(bytes);
}
