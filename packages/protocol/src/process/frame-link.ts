import { Buffer } from 'node:buffer';

/**
 * Wire format of the frame link: media processes connect to the vision process's socket and send frames, nothing comes
 * back. One frame is a 44-byte little-endian header, the session id in UTF-8, then packed RGB24 pixels row by row.
 *
 * | offset | type | field |
 * |---|---|---|
 * | 0 | u32 | magic `MAF1` |
 * | 4 | u32 | length of the session id, bytes (at most 64) |
 * | 8 | f64 | PTS, ms |
 * | 16 | f64 | captured at, Unix ms |
 * | 24 | u16, u16 | width and height of the pixels that follow (model input size) |
 * | 28 | u16, u16 | width and height of the part that the picture covers (the rest is padding) |
 * | 32 | u16, u16 | width and height of the source picture |
 * | 36 | i8 x 4 | how the picture was turned: `PictureTurn` |
 * | 40 | u32 | how the picture was fitted (`pictureShape`) |
 */
export interface LinkFrame {
  readonly sessionId: string;
  readonly ptsMs: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly contentWidth: number;
  readonly contentHeight: number;
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /**
   * How the pixels were turned upright; not at all when left out. Players show a picture as it is stored, so that is what
   * boxes are to be turned back to.
   */
  readonly turn?: PictureTurn;
  /** How the picture was fitted (`pictureShape` of the model's input). */
  readonly shape: number;
  /** `width * height * 3` bytes, RGB. */
  readonly pixels: Uint8Array;
}

/**
 * A turn by quarters, with or without a mirror, as a matrix of -1, 0 and 1: the pixel shown at (x, y) is the one stored at
 * (a x + b y, c x + d y), counted from the corner that makes both begin at 0.
 */
export interface PictureTurn {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Shown as it is stored. */
export const UPRIGHT: PictureTurn = { a: 1, b: 0, c: 0, d: 1 };

const MAGIC = 0x3146414d;
const HEADER_BYTES = 44;
const MAX_SIDE = 4096;
const MAX_ID_BYTES = 64;

/** Header and pixels as two chunks, so that pixels are not copied. */
export function encodeLinkFrame(frame: LinkFrame): [Uint8Array, Uint8Array] {
  const id = Buffer.from(frame.sessionId, 'utf8');
  const head = Buffer.alloc(HEADER_BYTES + id.length);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(id.length, 4);
  head.writeDoubleLE(frame.ptsMs, 8);
  head.writeDoubleLE(frame.capturedAt, 16);
  head.writeUInt16LE(frame.width, 24);
  head.writeUInt16LE(frame.height, 26);
  head.writeUInt16LE(frame.contentWidth, 28);
  head.writeUInt16LE(frame.contentHeight, 30);
  head.writeUInt16LE(frame.sourceWidth, 32);
  head.writeUInt16LE(frame.sourceHeight, 34);
  const { a, b, c, d } = frame.turn ?? UPRIGHT;
  for (const [index, factor] of [a, b, c, d].entries()) head.writeInt8(factor, 36 + index);
  head.writeUInt32LE(frame.shape, 40);
  id.copy(head, HEADER_BYTES);
  return [head, frame.pixels];
}

/** Cuts a byte stream into frames. Holds at most one frame's bytes. */
export class LinkFrameReader {
  private chunks: Buffer[] = [];
  private have = 0;
  private need = HEADER_BYTES;

  /**
   * Takes the next bytes and returns the frames that they complete.
   * @throws Error when the bytes are not of this format; the connection must then be closed.
   */
  push(chunk: Buffer): LinkFrame[] {
    this.chunks.push(chunk);
    this.have += chunk.length;
    const frames: LinkFrame[] = [];
    while (this.have >= this.need) {
      const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks, this.have);
      this.chunks = [bytes];
      if (bytes.length < HEADER_BYTES) break;
      const total = frameBytes(bytes);
      if (bytes.length < total) {
        this.need = total;
        break;
      }
      frames.push(decodeFrame(bytes.subarray(0, total)));
      const rest = bytes.subarray(total);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.have = rest.length;
      this.need = HEADER_BYTES;
    }
    return frames;
  }
}

function frameBytes(head: Buffer): number {
  if (head.readUInt32LE(0) !== MAGIC) throw new Error('frame link: wrong magic number');
  const idBytes = head.readUInt32LE(4);
  const width = head.readUInt16LE(24);
  const height = head.readUInt16LE(26);
  if (idBytes > MAX_ID_BYTES) throw new Error(`frame link: session id of ${idBytes} bytes, at most ${MAX_ID_BYTES}`);
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw new Error(`frame link: ${width}x${height} pixels, at most ${MAX_SIDE} a side`);
  return HEADER_BYTES + idBytes + width * height * 3;
}

function decodeFrame(bytes: Buffer): LinkFrame {
  const idBytes = bytes.readUInt32LE(4);
  return {
    sessionId: bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + idBytes),
    ptsMs: bytes.readDoubleLE(8),
    capturedAt: bytes.readDoubleLE(16),
    width: bytes.readUInt16LE(24),
    height: bytes.readUInt16LE(26),
    contentWidth: bytes.readUInt16LE(28),
    contentHeight: bytes.readUInt16LE(30),
    sourceWidth: bytes.readUInt16LE(32),
    sourceHeight: bytes.readUInt16LE(34),
    turn: { a: bytes.readInt8(36), b: bytes.readInt8(37), c: bytes.readInt8(38), d: bytes.readInt8(39) },
    shape: bytes.readUInt32LE(40),
    pixels: bytes.subarray(HEADER_BYTES + idBytes),
  };
}
