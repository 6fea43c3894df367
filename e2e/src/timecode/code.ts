/**
 * The machine-readable timecode: a frame number in a strip of black and white cells across the top of every frame.
 *
 * | cells | content |
 * |---|---|
 * | 0, 1 | white, black: the levels that the other cells are compared with |
 * | 2..21 | frame number, 20 bits, Gray code, most significant first |
 * | 22..29 | CRC-8 (polynomial 0x07) of the number |
 * | 30, 31 | black, white: the strip is where it should be |
 *
 * Two neighbouring numbers differ in one bit of the Gray code, so that a blend of two frames reads as one of them or
 * fails its CRC; it never reads as a third. Cells are large (a 32nd of the width), so that they survive encoding at low
 * rates and scaling.
 */

/** Cells of a strip. */
export const CELLS = 32;
/** Height of the strip as a share of the picture's. */
export const STRIP_SHARE = 1 / 16;
/** Frame numbers are below it: nine hours at 30 frames a second. */
export const MAX_FRAME = 1 << 20;

/**
 * Luma of each cell (0 or 255) for a frame number.
 * @throws RangeError for numbers outside of 0..`MAX_FRAME`.
 */
export function encodeCells(frame: number): Uint8Array {
  if (!Number.isInteger(frame) || frame < 0 || frame >= MAX_FRAME) {
    throw new RangeError(`frame ${frame} has no timecode: whole numbers from 0 to ${MAX_FRAME - 1} have`);
  }
  const bits = [1, 0];
  const gray = frame ^ (frame >> 1);
  for (let bit = 19; bit >= 0; bit--) bits.push((gray >> bit) & 1);
  const crc = crc8(frame);
  for (let bit = 7; bit >= 0; bit--) bits.push((crc >> bit) & 1);
  bits.push(0, 1);
  return Uint8Array.from(bits, (bit) => bit * 255);
}

/**
 * Reads a frame number from the mean luma of each cell. Stands alone, because its source also runs inside of pages.
 * @returns null when the cells are no timecode: no contrast, wrong marks, or a CRC that does not fit.
 */
export function decodeCells(luma: ArrayLike<number>): number | null {
  const level = (cell: number): number => luma[cell] ?? 0;
  const white = (level(0) + level(31)) / 2;
  const black = (level(1) + level(30)) / 2;
  if (luma.length !== 32 || white - black < 64) return null;
  const threshold = (white + black) / 2;
  const bit = (cell: number): number => (level(cell) > threshold ? 1 : 0);
  if (bit(0) !== 1 || bit(1) !== 0 || bit(30) !== 0 || bit(31) !== 1) return null;

  let frame = 0;
  let previous = 0;
  for (let cell = 2; cell < 22; cell++) {
    previous ^= bit(cell);
    frame = (frame << 1) | previous;
  }
  let stored = 0;
  for (let cell = 22; cell < 30; cell++) stored = (stored << 1) | bit(cell);
  let crc = 0;
  for (let shift = 23; shift >= 0; shift--) {
    const carry = (crc >> 7) & 1;
    crc = ((crc << 1) & 0xff) ^ (carry ^ ((frame >> shift) & 1) ? 0x07 : 0);
  }
  return crc === stored ? frame : null;
}

function crc8(frame: number): number {
  let crc = 0;
  for (let shift = 23; shift >= 0; shift--) {
    const carry = (crc >> 7) & 1;
    crc = ((crc << 1) & 0xff) ^ (carry ^ ((frame >> shift) & 1) ? 0x07 : 0);
  }
  return crc;
}
