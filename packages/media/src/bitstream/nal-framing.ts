import { MAX_UNITS } from './access-unit.js';

/** Start and end of each NAL unit, one after the other, in pairs. */
export type NalSpans = number[];

/** How the units of a message are told apart. */
export type Framing =
  | 'lengths' // as coded samples have it: four bytes before each unit
  | 'other'; // start codes, lengths of another size, or empty units: has to be written anew

/** Bytes of the length before each unit in coded samples. */
export const LENGTH_BYTES = 4;
const SIZES = [4, 2, 1, 3] as const;

/**
 * Finds the NAL units of messages. A sequence header may be missing, or wrong: the framing that leads exactly to the end of
 * the message is the right one.
 */
export class NalFraming {
  #lengthSize = LENGTH_BYTES;

  /** @param isUnit whether a unit of the codec can begin at this byte */
  constructor(private readonly isUnit: (data: Uint8Array, at: number) => boolean) {}

  /** What the sequence header says, bytes. */
  set lengthSize(size: number) {
    this.#lengthSize = size;
  }

  /** Fills `spans`. @returns null when no framing fits */
  find(data: Uint8Array, spans: NalSpans): Framing | null {
    const whole = lengthSpans(data, this.#lengthSize, spans);
    if (whole !== null && this.#plausible(data, spans))
      return whole && this.#lengthSize === LENGTH_BYTES ? 'lengths' : 'other';
    if (startsWithCode(data) && startCodeSpans(data, spans) && this.#plausible(data, spans)) return 'other';
    for (const size of SIZES) {
      if (size === this.#lengthSize || lengthSpans(data, size, spans) === null || !this.#plausible(data, spans))
        continue;
      this.#lengthSize = size;
      return size === LENGTH_BYTES ? 'lengths' : 'other';
    }
    spans.length = 0;
    return null;
  }

  #plausible(data: Uint8Array, spans: NalSpans): boolean {
    for (let i = 0; i < spans.length; i += 2) if (!this.isUnit(data, spans[i]!)) return false;
    return spans.length > 0;
  }
}

/**
 * @returns null when the lengths do not lead to the end, or to too many units; false when units of no length, or padding, are to
 * be left out
 */
function lengthSpans(data: Uint8Array, size: number, spans: NalSpans): boolean | null {
  spans.length = 0;
  let whole = true;
  let at = 0;
  for (let units = 0; at < data.length; units += 1) {
    if (units === MAX_UNITS) return null;
    if (at + size > data.length) {
      // Padding behind the last unit; a length that is cut off is another thing.
      for (let i = at; i < data.length; i += 1) if (data[i] !== 0) return null;
      return spans.length > 0 ? false : null;
    }
    let length = 0;
    for (let i = 0; i < size; i += 1) length = length * 256 + data[at + i]!;
    at += size;
    if (at + length > data.length) return null;
    if (length === 0) whole = false;
    else spans.push(at, at + length);
    at += length;
  }
  return whole;
}

/** Whether the bytes begin with a start code (H.264 B.1.1). */
export function startsWithCode(data: Uint8Array): boolean {
  let zeros = 0;
  while (zeros < data.length && data[zeros] === 0) zeros += 1;
  return zeros >= 2 && data[zeros] === 1;
}

/** Units between start codes, without the zeros around them. @returns whether there are any, and not too many */
export function startCodeSpans(data: Uint8Array, spans: NalSpans): boolean {
  spans.length = 0;
  let start = -1;
  for (let at = 0; at + 2 < data.length; at += 1) {
    if (data[at + 2]! > 1) {
      at += 2;
      continue;
    }
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (start >= 0) pushTrimmed(data, start, at, spans);
    if (spans.length >= 2 * MAX_UNITS) return false;
    start = at + 3;
    at += 2;
  }
  if (start >= 0) pushTrimmed(data, start, data.length, spans);
  return spans.length > 0;
}

function pushTrimmed(data: Uint8Array, start: number, end: number, spans: NalSpans): void {
  let last = end;
  while (last > start && data[last - 1] === 0) last -= 1;
  if (last > start) spans.push(start, last);
}

/** Writes units with their lengths. */
export function withLengths(units: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(units.reduce((sum, unit) => sum + LENGTH_BYTES + unit.length, 0));
  let at = 0;
  for (const unit of units) {
    bytes[at] = unit.length >>> 24;
    bytes[at + 1] = unit.length >>> 16;
    bytes[at + 2] = unit.length >>> 8;
    bytes[at + 3] = unit.length;
    bytes.set(unit, at + LENGTH_BYTES);
    at += LENGTH_BYTES + unit.length;
  }
  return bytes;
}
