import { unescapeNal } from './bit-reader.js';

/** A parameter set as it came. */
export interface ParameterSet {
  /** NAL unit type. */
  readonly type: number;
  readonly id: number;
  /** The set that it refers to: SPS of a PPS, VPS of an HEVC SPS; null when it refers to none. */
  readonly parent: number | null;
  readonly nal: Uint8Array;
  /** What it says, whatever its header, its escapes and what is behind its end: equal in effect is equal here. */
  readonly essence: Uint8Array;
}

/** Parameter sets are a few dozen bytes; one with scaling lists for everything stays below this. */
const MAX_SET_BYTES = 4096;
/** Sets kept; the standards allow more, encoders use two or three. */
const MAX_SETS = 96;

/** The parameter sets that are in force, by type and id: those of the sequence header, and those that came in band since. */
export class ParameterSets {
  readonly #sets = new Map<number, ParameterSet>();

  /** @param read type, id and parent; throws on what cannot be read */
  constructor(
    private readonly headerBytes: number,
    private readonly read: (nal: Uint8Array) => Pick<ParameterSet, 'type' | 'id' | 'parent'>,
  ) {}

  get all(): readonly ParameterSet[] {
    return [...this.#sets.values()];
  }

  of(type: number): ParameterSet[] {
    return this.all.filter((set) => set.type === type);
  }

  get(type: number, id: number): ParameterSet | null {
    return this.#sets.get(keyOf(type, id)) ?? null;
  }

  /**
   * Takes a set; what it replaces is forgotten.
   * @returns whether anything is different now
   * @throws CodedError `bitstream_invalid`
   */
  take(nal: Uint8Array): boolean {
    for (const set of this.#sets.values()) if (sameBytes(set.nal, nal)) return false;
    if (nal.length > MAX_SET_BYTES) return false;
    const copy = Uint8Array.from(nal);
    const { type, id, parent } = this.read(copy);
    const essence = essenceOf(copy, this.headerBytes);
    const known = this.get(type, id);
    if (!known && this.#sets.size >= MAX_SETS) return false;
    if (known && sameBytes(known.essence, essence)) return false;
    this.#sets.set(keyOf(type, id), { type, id, parent, nal: copy, essence });
    return true;
  }

  clear(): void {
    this.#sets.clear();
  }
}

/** Whether both say the same under the same id. */
export function sameSet(a: ParameterSet, b: ParameterSet): boolean {
  return a.type === b.type && a.id === b.id && sameBytes(a.essence, b.essence);
}

/** NAL unit types of a codec's parameter sets; `Vps` where it has one. */
export interface SetTypes {
  readonly Vps?: number;
  readonly Sps: number;
  readonly Pps: number;
}

/**
 * The sets that a picture with this PPS needs, and those beside them that have the same format: SPS, VPS, PPS, each by id. Where
 * the PPS is not known, those of the first SPS. Empty when something is missing.
 */
export function setsInForce(
  sets: ParameterSets,
  ppsId: number,
  { Vps, Sps, Pps }: SetTypes,
  formatOf: (sps: ParameterSet) => string,
): readonly ParameterSet[] {
  const pps = sets.get(Pps, ppsId);
  const sps = (pps && sets.get(Sps, pps.parent ?? -1)) ?? sets.of(Sps)[0];
  if (!sps) return [];
  const format = formatOf(sps);
  const beside = sets.of(Sps).filter((other) => other !== sps && formatOf(other) === format);
  const all = [sps, ...beside.sort((a, b) => a.id - b.id)];
  const fitting = sets.of(Pps).filter(({ parent }) => all.some(({ id }) => id === parent));
  if (fitting.length === 0) return [];
  const above = Vps === undefined ? [] : sets.of(Vps).filter(({ id }) => all.some(({ parent }) => parent === id));
  return [...all, ...above, ...fitting.sort((a, b) => a.id - b.id)];
}

/** Byte by byte. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

function keyOf(type: number, id: number): number {
  return type * 1024 + id;
}

function essenceOf(nal: Uint8Array, headerBytes: number): Uint8Array {
  const payload = unescapeNal(nal.subarray(headerBytes));
  let end = payload.length;
  while (end > 0 && payload[end - 1] === 0) end -= 1;
  return payload.slice(0, end);
}
