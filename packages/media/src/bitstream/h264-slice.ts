import { BitReader, unescapeNal } from './bit-reader.js';
import { BitWriter, escapeNal } from './bit-writer.js';
import type { AvcSps } from './h264.js';

/** What a PPS (H.264 7.3.2.2) says that slice headers depend on. */
export interface AvcPps {
  readonly id: number;
  readonly spsId: number;
  readonly cabac: boolean;
  /** Frames tell the order of their bottom field, too. */
  readonly bottomFieldOrder: boolean;
  readonly sliceGroups: number;
  /** Reference pictures of each list, unless a slice says otherwise. */
  readonly references: readonly [number, number];
  readonly weightedPrediction: boolean;
  readonly weightedBiprediction: boolean;
  readonly deblockingControl: boolean;
  readonly redundantPictures: boolean;
}

/** Reads a picture parameter set, header byte included. @throws CodedError `bitstream_invalid` */
export function readAvcPps(nal: Uint8Array): AvcPps {
  const reader = new BitReader(unescapeNal(nal.subarray(1)), 'H.264 PPS');
  const id = reader.ueAtMost(255, 'pic_parameter_set_id');
  const spsId = reader.ueAtMost(31, 'SPS of a PPS');
  const cabac = reader.flag();
  const bottomFieldOrder = reader.flag();
  const sliceGroups = reader.ueAtMost(7, 'num_slice_groups_minus1') + 1;
  // How groups lie in the picture comes next; who has them is not read any further.
  if (sliceGroups > 1) {
    const rest = { references: [1, 1], weightedPrediction: false, weightedBiprediction: false } as const;
    return {
      ...{ id, spsId, cabac, bottomFieldOrder, sliceGroups, ...rest },
      ...{ deblockingControl: false, redundantPictures: false },
    };
  }
  const references = [reader.ueAtMost(31, 'references') + 1, reader.ueAtMost(31, 'references') + 1] as const;
  const weightedPrediction = reader.flag();
  const weightedBiprediction = reader.bits(2) === 1;
  reader.se(); // pic_init_qp_minus26
  reader.se(); // pic_init_qs_minus26
  reader.se(); // chroma_qp_index_offset
  const deblockingControl = reader.flag();
  reader.skip(1); // constrained_intra_pred_flag
  const redundantPictures = reader.flag();
  return {
    ...{ id, spsId, cabac, bottomFieldOrder, sliceGroups, references },
    ...{ weightedPrediction, weightedBiprediction, deblockingControl, redundantPictures },
  };
}

/** A memory management control operation (H.264 7.4.3.3) with its arguments, as they are coded. */
export type MarkingOperation = readonly [operation: 1 | 2 | 3 | 4 | 5 | 6, ...values: number[]];

/** What is to be changed in a slice. */
export interface SliceChange {
  readonly frameNum: number;
  /** `pic_order_cnt_lsb`; not looked at where there is none. */
  readonly order: number;
  /** Another list of operations; left out: those that it has. */
  readonly marking?: readonly MarkingOperation[];
  /** The slice becomes one of an IDR picture, with this `idr_pic_id`. */
  readonly idr?: number;
}

/** Slice types, as if all slices of a picture were of the same (7.4.3). */
const Type = { P: 0, B: 1, I: 2, Sp: 3, Si: 4 } as const;
const IDR = 5;
/** Loops that standard and picture size bound; broken slices end here. */
const MAX_OPERATIONS = 66;

/** A coded slice (H.264 7.3.3) that can be written with other numbers. */
export class AvcSlice {
  readonly idr: boolean;
  /** Other pictures may refer to its picture. */
  readonly reference: boolean;
  readonly frameNum: number;
  /** Null of a whole frame. */
  readonly field: 'top' | 'bottom' | null;
  /** `pic_order_cnt_lsb`; 0 where there is none. */
  readonly order: number;
  /** Null when the oldest picture makes room by itself (sliding window), or for an IDR picture. */
  readonly marking: readonly MarkingOperation[] | null = null;

  readonly #bytes: Uint8Array;
  readonly #cabac: boolean;
  readonly #frameNumAt: number;
  readonly #frameNumBits: number;
  readonly #orderAt: number;
  readonly #orderBits: number;
  /** Where the operations are, bits. */
  readonly #marking: readonly [from: number, to: number];
  /** Where the header ends, bits. */
  readonly #end: number;

  private constructor(nal: Uint8Array, sps: AvcSps, pps: AvcPps) {
    const bytes = unescapeNal(nal);
    const reader = new BitReader(bytes, 'H.264 slice header');
    reader.skip(1);
    this.reference = reader.bits(2) !== 0;
    this.idr = reader.bits(5) === IDR;
    this.#bytes = bytes;
    this.#cabac = pps.cabac;
    reader.ue(); // first_mb_in_slice
    const type = reader.ue() % 5;
    reader.ue(); // pic_parameter_set_id
    if (sps.separatePlanes) reader.skip(2);
    this.#frameNumAt = reader.position;
    this.#frameNumBits = sps.frameNumBits;
    this.frameNum = reader.bits(sps.frameNumBits);
    this.field = sps.frameMbsOnly || !reader.flag() ? null : reader.flag() ? 'bottom' : 'top';
    if (this.idr) reader.ue(); // idr_pic_id
    this.#orderAt = reader.position;
    this.#orderBits = sps.pocBits;
    this.order = reader.bits(sps.pocBits);
    if (sps.pocBits > 0 && pps.bottomFieldOrder && !this.field) reader.se(); // delta_pic_order_cnt_bottom
    if (pps.redundantPictures) reader.ue(); // redundant_pic_cnt
    const lists = type === Type.B ? 2 : type === Type.P || type === Type.Sp ? 1 : 0;
    if (type === Type.B) reader.skip(1); // direct_spatial_mv_pred_flag
    const references = [...pps.references];
    if (lists > 0 && reader.flag())
      for (let list = 0; list < lists; list += 1) references[list] = reader.ueAtMost(31, 'references') + 1;
    for (let list = 0; list < lists; list += 1) skipModifications(reader);
    const weighted = type === Type.B ? pps.weightedBiprediction : lists > 0 && pps.weightedPrediction;
    if (weighted) skipWeights(reader, references.slice(0, lists), sps.separatePlanes ? '4:0:0' : sps.chroma);
    const from = reader.position;
    if (this.reference && this.idr) reader.skip(2);
    else if (this.reference && reader.flag()) this.marking = readMarking(reader);
    this.#marking = [from, reader.position];
    if (pps.cabac && lists > 0) reader.ue(); // cabac_init_idc
    reader.se(); // slice_qp_delta
    if (type === Type.Sp) reader.skip(1); // sp_for_switch_flag
    if (type === Type.Sp || type === Type.Si) reader.se(); // slice_qs_delta
    if (pps.deblockingControl && reader.ue() !== 1) {
      reader.se(); // slice_alpha_c0_offset_div2
      reader.se(); // slice_beta_offset_div2
    }
    this.#end = reader.position;
  }

  /**
   * @param nal A slice that is not partitioned, header byte included.
   * @throws CodedError `bitstream_invalid` for what is broken, and for pictures with slice groups or with an order that is counted
   *   in cycles, which nobody sends.
   */
  static read(nal: Uint8Array, sps: AvcSps, pps: AvcPps): AvcSlice {
    if (sps.pocType === 1 || pps.sliceGroups > 1)
      throw new BitReader(nal, 'H.264 slice header').error('it has slice groups, or an order counted in cycles');
    return new AvcSlice(nal, sps, pps);
  }

  /** The slice, changed, as a NAL unit. */
  write({ frameNum, order, marking, idr }: SliceChange): Uint8Array {
    const bytes = this.#bytes;
    const out = new BitWriter(bytes.length + 16);
    out.copy(bytes, 0, 3);
    out.bits(idr === undefined ? bytes[0]! & 31 : IDR, 5);
    out.copy(bytes, 8, this.#frameNumAt);
    out.bits(frameNum, this.#frameNumBits);
    // Which field it is, between the two.
    out.copy(bytes, this.#frameNumAt + this.#frameNumBits, this.#orderAt);
    if (idr !== undefined && !this.idr) out.ue(idr);
    out.bits(order, this.#orderBits);
    const [from, to] = this.#marking;
    out.copy(bytes, this.#orderAt + this.#orderBits, from);
    if (idr !== undefined) out.bits(0, 2);
    else if (marking) writeMarking(out, marking);
    else out.copy(bytes, from, to);
    out.copy(bytes, to, this.#end);
    if (this.#cabac) {
      // Data of CABAC begin at a byte (7.3.4), filled up with ones.
      out.align(1);
      out.copy(bytes, (this.#end + 7) & ~7, bytes.length * 8);
    } else {
      out.copy(bytes, this.#end, stopBit(bytes));
      out.bits(1, 1);
    }
    return escapeNal(out.bytes);
  }
}

/** The sets of a slice, by the ids in its header; null where one is missing. */
export function setsOfSlice(
  nal: Uint8Array,
  pps: ReadonlyMap<number, AvcPps>,
  sps: ReadonlyMap<number, AvcSps>,
): { readonly sps: AvcSps; readonly pps: AvcPps } | null {
  const reader = new BitReader(unescapeNal(nal.subarray(1, 32)), 'H.264 slice header');
  reader.ue();
  reader.ue();
  const picture = pps.get(reader.ue());
  const sequence = picture && sps.get(picture.spsId);
  return sequence ? { sps: sequence, pps: picture } : null;
}

function skipModifications(reader: BitReader): void {
  if (!reader.flag()) return;
  for (let i = 0; i < MAX_OPERATIONS; i += 1) {
    if (reader.ueAtMost(3, 'modification_of_pic_nums_idc') === 3) return;
    reader.ue();
  }
  throw reader.error(`a list of references has more than ${MAX_OPERATIONS} modifications`);
}

function skipWeights(reader: BitReader, references: readonly number[], chroma: string): void {
  const planes = chroma === '4:0:0' ? [1] : [1, 2];
  for (const _ of planes) reader.ue(); // log2 of the denominator
  for (const count of references) {
    for (let i = 0; i < count; i += 1) {
      for (const components of planes) {
        if (!reader.flag()) continue;
        for (let value = 0; value < components * 2; value += 1) reader.se();
      }
    }
  }
}

/** How many values each operation has. */
const VALUES = [0, 1, 1, 2, 1, 0, 1] as const;

function readMarking(reader: BitReader): MarkingOperation[] {
  const operations: MarkingOperation[] = [];
  for (let i = 0; i < MAX_OPERATIONS; i += 1) {
    const operation = reader.ueAtMost(6, 'memory_management_control_operation');
    if (operation === 0) return operations;
    const values = Array.from({ length: VALUES[operation]! }, () => reader.ue());
    operations.push([operation as MarkingOperation[0], ...values]);
  }
  throw reader.error(`it has more than ${MAX_OPERATIONS} memory management operations`);
}

function writeMarking(out: BitWriter, operations: readonly MarkingOperation[]): void {
  out.bits(1, 1);
  for (const values of operations) for (const value of values) out.ue(value);
  out.ue(0);
}

/** Where the bit is that ends the data (7.3.2.11), bits. */
function stopBit(bytes: Uint8Array): number {
  let last = bytes.length - 1;
  while (last > 0 && bytes[last] === 0) last -= 1;
  const byte = bytes[last]!;
  return last * 8 + 7 - Math.log2(byte & -byte);
}
