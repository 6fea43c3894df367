import { CodedError, type VideoTrack } from '@media-analyzer/protocol';
import { type AvcSps, readAvcSps } from './h264.js';
import {
  type AvcPps,
  AvcSlice,
  type MarkingOperation,
  readAvcPps,
  type SliceChange,
  setsOfSlice,
} from './h264-slice.js';
import { readRecord } from './h264-units.js';
import { withLengths } from './nal-framing.js';
import { hideRecoveryPoint, recoveryPoint } from './sei.js';

/** H.264 table 7-1. */
const Nal = { Slice: 1, PartitionA: 2, PartitionC: 4, Idr: 5, Sei: 6, Sps: 7, Pps: 8 } as const;

/** The group that pictures are counted from. */
interface Group {
  /** What its keyframe was numbered by the encoder: all that follow are counted from there. */
  readonly frameNum: number;
  readonly order: number;
  /** Pictures that can be referred to since the keyframe, by their numbers; an age of 0 is the keyframe. */
  age: number;
  /** Frame number of the latest picture, as the encoder counts. */
  latest: number;
  /** Long-term references (their index) that were made since. */
  readonly longTerm: Set<number>;
}

/**
 * Closes open groups of H.264 pictures: the keyframe of one becomes an IDR picture, so that decoding can begin there.
 *
 * Browsers begin nowhere else. An encoder that makes open groups sends I pictures behind which pictures may refer to the group
 * before, and commands to forget pictures of it; a decoder that begins there finds neither and, in Chromium, gives up. So a keyframe
 * is written as an IDR picture (7.4.1.2.4), which forgets everything before it; all pictures that follow are counted from it (frame
 * numbers, order), and commands about what is forgotten are left out. Pictures themselves are not touched. Leading pictures, which
 * do refer to what is before, have to be left out by the caller.
 */
export class GroupCloser {
  readonly #sps = new Map<number, AvcSps>();
  readonly #pps = new Map<number, AvcPps>();
  #group: Group | null = null;
  #closed = 0;

  /** Takes the sets of a track's configuration. Other codecs say themselves which pictures to skip. */
  configure({ codec, configuration }: VideoTrack): void {
    if (codec === 'h264') for (const nal of readRecord(configuration).sets) this.#take(nal);
  }

  /** What follows does not refer to what was before: the encoder began a group anew. */
  reset(): void {
    this.#group = null;
  }

  /**
   * Makes a keyframe of an open group an IDR picture.
   *
   * @param data A whole picture, each unit after its length in four bytes.
   * @returns Null when it cannot be done. It stays as it is then, and so do those that follow.
   */
  close(data: Uint8Array): Uint8Array | null {
    this.#group = null;
    if (this.#sps.size === 0) return null;
    let first: AvcSlice | null = null;
    let group: Group | null = null;
    const written = this.#write(data, (slice, sps) => {
      first ??= slice;
      group ??= {
        ...{ frameNum: slice.frameNum, order: slice.order, latest: slice.frameNum },
        age: 0,
        longTerm: new Set(),
      };
      if (!slice.reference) return null;
      // Of two fields the first one is the IDR picture (7.4.1.2.4).
      const change = counted(slice, sps, group);
      return slice.field === first.field ? { ...change, idr: this.#closed & 1 } : change;
    });
    if (!written || !group) return null;
    this.#group = group;
    this.#closed += 1;
    return written;
  }

  /**
   * A picture as it is in a segment that it does not begin: no place to begin decoding at, whatever it says (a browser that seeks
   * believes it), and counted from the keyframe that was closed last, if there is one.
   */
  follow(data: Uint8Array): Uint8Array {
    return this.count(this.#sps.size > 0 ? withoutEntry(data) : data);
  }

  /** A picture counted from the keyframe that was closed last, if there is one. */
  count(data: Uint8Array): Uint8Array {
    const group = this.#group;
    if (!group) return data;
    let begins = false;
    const written = this.#write(data, (slice, sps) => {
      group.age += modulo(slice.frameNum - group.latest, 2 ** sps.frameNumBits);
      group.latest = slice.frameNum;
      begins ||= slice.idr || (slice.marking?.some(([operation]) => operation === 5) ?? false);
      return slice.idr ? null : counted(slice, sps, group);
    });
    // What follows is counted from this picture, by the encoder too.
    if (begins || !written) this.#group = null;
    return written ?? data;
  }

  /** @returns null when a slice could not be read, or `change` did not want one to be changed */
  #write(data: Uint8Array, change: (slice: AvcSlice, sps: AvcSps) => SliceChange | null): Uint8Array | null {
    const units: Uint8Array[] = [];
    try {
      for (const nal of unitsOf(data)) {
        const type = nal[0]! & 31;
        if (type === Nal.Sps || type === Nal.Pps) this.#take(nal);
        if (type >= Nal.PartitionA && type <= Nal.PartitionC) return null;
        if (type !== Nal.Slice && type !== Nal.Idr) {
          units.push(nal);
          continue;
        }
        const sets = setsOfSlice(nal, this.#pps, this.#sps);
        if (!sets) return null;
        const slice = AvcSlice.read(nal, sets.sps, sets.pps);
        const changed = change(slice, sets.sps);
        if (!changed) return null;
        units.push(slice.write(changed));
      }
    } catch (error) {
      if (error instanceof CodedError) return null;
      throw error;
    }
    return withLengths(units);
  }

  #take(nal: Uint8Array): void {
    try {
      if ((nal[0]! & 31) === Nal.Sps) {
        const sps = readAvcSps(nal);
        this.#sps.set(sps.id, sps);
      } else {
        const pps = readAvcPps(nal);
        this.#pps.set(pps.id, pps);
      }
    } catch (error) {
      // Pictures that need it are left as they are.
      if (!(error instanceof CodedError)) throw error;
    }
  }
}

/** The units of a picture, each after its length in four bytes: views. */
function* unitsOf(data: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; at + 4 < data.length; at += 4 + view.getUint32(at)) {
    yield data.subarray(at + 4, at + 4 + view.getUint32(at));
  }
}

/** The picture without the message that decoding can begin here (D.1.8). */
function withoutEntry(data: Uint8Array): Uint8Array {
  const says = (nal: Uint8Array): boolean =>
    (nal[0]! & 31) === Nal.Sei && recoveryPoint(nal.subarray(1), 'h264') !== null;
  if (![...unitsOf(data)].some(says)) return data;
  const copy = Uint8Array.from(data);
  for (const nal of unitsOf(copy)) if (says(nal)) hideRecoveryPoint(nal.subarray(1));
  return copy;
}

/** What a slice is when it is counted from its group's keyframe. */
function counted(slice: AvcSlice, sps: AvcSps, group: Group): SliceChange {
  return {
    frameNum: modulo(slice.frameNum - group.frameNum, 2 ** sps.frameNumBits),
    order: modulo(slice.order - group.order, 2 ** sps.pocBits),
    ...(slice.marking && { marking: slice.marking.filter((operation) => isKnown(operation, slice, group)) }),
  };
}

/** Whether what an operation is about is there. Differences are counted from the picture itself, in fields for a field (8.2.5.4). */
function isKnown([operation, first = 0, second = 0]: MarkingOperation, { field }: AvcSlice, group: Group): boolean {
  const { longTerm } = group;
  const age = field ? group.age * 2 + 1 : group.age;
  switch (operation) {
    case 1:
      return first < age;
    case 2:
      return longTerm.has(field ? first >> 1 : first);
    case 3:
      if (first >= age) return false;
      longTerm.add(second);
      return true;
    case 6:
      longTerm.add(first);
      return true;
    default:
      return true;
  }
}

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}
