import { Buffer } from 'node:buffer';

/** Something that goes into a box: a child box, or bytes. */
export type BoxPart = Uint8Array;

/** Numbers of 8, 16 and 32 bits in a row, big-endian, for the fields of small boxes. */
export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** 16-bit big-endian numbers. */
export function u16(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => {
    bytes.writeUInt16BE(value & 0xffff, i * 2);
  });
  return bytes;
}

/** 32-bit big-endian numbers. */
export function u32(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value >>> 0, i * 4);
  });
  return bytes;
}

/** Text, a byte a character. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** So many zero bytes. */
export function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** A box (ISO/IEC 14496-12 4.2): size, type, content. Copies its parts: for init segments, not for media. */
export function box(type: string, ...parts: readonly BoxPart[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([u32(size), ascii(type), ...parts], size);
}

/** A box with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly BoxPart[]): Uint8Array {
  return box(type, u32(((version << 24) | flags) >>> 0), ...parts);
}
