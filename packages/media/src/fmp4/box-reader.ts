import { CodedError } from '@media-analyzer/protocol';

/** A bounded view into the bytes of a box, with a read position. */
export class BoxCursor {
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly type: string,
    /** Offset of the box's first byte in what is being read. */
    readonly offset: number,
    private position = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  error(problem: string): CodedError {
    return new CodedError('bitstream_invalid', { what: `MP4 box ${JSON.stringify(this.type)}`, problem });
  }

  private advance(count: number): number {
    if (count > this.remaining) throw this.error(`${count} more bytes are needed, ${this.remaining} are left`);
    const at = this.position;
    this.position += count;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2));
  }

  u32(): number {
    return this.view.getUint32(this.advance(4));
  }

  i32(): number {
    return this.view.getInt32(this.advance(4));
  }

  /** @throws CodedError when the number is beyond 2^53. */
  u64(): number {
    const value = this.view.getBigUint64(this.advance(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error(`the number ${value} is beyond 2^53`);
    return Number(value);
  }

  i64(): number {
    return Number(this.view.getBigInt64(this.advance(8)));
  }

  skip(count: number): void {
    this.advance(count);
  }

  take(count: number): Uint8Array {
    const at = this.advance(count);
    return this.bytes.subarray(at, at + count);
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  /** Version and flags of a full box. */
  versionAndFlags(): { version: number; flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }

  /** The boxes from the position on. */
  children(): BoxCursor[] {
    const start = this.position;
    return readBoxes(this.rest(), this.offset + start);
  }

  /** The first child of a type. @throws CodedError when there is none. */
  child(type: string): BoxCursor {
    const found = this.children().find((box) => box.type === type);
    if (!found) throw this.error(`it has no box "${type}"`);
    return found;
  }
}

/** More boxes side by side than this are an attack, not a file: an hour of 250 ms fragments has 29000. */
const MAX_BOXES = 1_000_000;

/**
 * Splits bytes into the boxes side by side in them (ISO/IEC 14496-12 4.2).
 *
 * @param baseOffset Added to the offsets that the boxes report.
 * @throws CodedError `bitstream_invalid` when a box does not fit.
 */
export function readBoxes(bytes: Uint8Array, baseOffset = 0): BoxCursor[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: BoxCursor[] = [];
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at;
    if (left < 8) throw broken(`${left} bytes are left at ${baseOffset + at}, a box needs at least 8`);
    let size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    let head = 8;
    if (size === 1) {
      if (left < 16) throw broken(`the 64-bit size of "${type}" at ${baseOffset + at} is cut off`);
      const large = view.getBigUint64(at + 8);
      size = large > BigInt(left) ? Number.POSITIVE_INFINITY : Number(large);
      head = 16;
    } else if (size === 0) {
      size = left;
    }
    if (size < head || size > left)
      throw broken(`box "${type}" at ${baseOffset + at} has ${size} bytes, ${head}..${left} fit`);
    if (boxes.length === MAX_BOXES) throw broken(`it has more than ${MAX_BOXES} boxes side by side`);
    boxes.push(new BoxCursor(bytes.subarray(at, at + size), type, baseOffset + at, head));
    at += size;
  }
  return boxes;
}

function broken(problem: string): CodedError {
  return new CodedError('bitstream_invalid', { what: 'MP4 file', problem });
}
