import { type PictureTurn, UPRIGHT } from '@media-analyzer/protocol/process';
import { AV_FRAME_DATA_DISPLAYMATRIX } from 'node-av/constants';
import type { Frame } from 'node-av/lib';

/** How a decoded picture is to be shown. */
export interface PictureShape {
  /** Size in square pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly turn: PictureTurn;
}

/** Pixels longer or wider than this come from broken headers, not from cameras: they are taken as square. */
const MOST_ASPECT = 8;

/** Whether width and height are exchanged. */
export function isSideways({ a }: PictureTurn): boolean {
  return a === 0;
}

/** Size in square pixels of a picture with pixels of `num` to `den`: the side that is too short is stretched, as browsers do. */
export function displayedSize(
  width: number,
  height: number,
  { num, den }: { readonly num: number; readonly den: number },
): { width: number; height: number } {
  const aspect = num > 0 && den > 0 ? num / den : 1;
  if (aspect > MOST_ASPECT || aspect < 1 / MOST_ASPECT) return { width, height };
  return aspect >= 1 ? { width: Math.round(width * aspect), height } : { width, height: Math.round(height / aspect) };
}

/** The shape of a picture with its pixel aspect, and turned. */
export function shapeOf(picture: Frame, turn: PictureTurn): PictureShape {
  const { width, height } = displayedSize(picture.width, picture.height, picture.sampleAspectRatio);
  return isSideways(turn) ? { width: height, height: width, turn } : { width, height, turn };
}

/** The display orientation that comes with a picture, or null when it says nothing of it. */
export function statedTurn(picture: Frame): PictureTurn | null {
  const matrix = picture.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  return matrix && turnOf(matrix);
}

/**
 * Reads a display matrix: nine 32-bit numbers in 16.16 fixed point, the last of each row in 2.30. Turns that are no quarters
 * are not made: nothing that browsers play shows them.
 */
function turnOf(matrix: Buffer): PictureTurn {
  if (matrix.length < 36) return UPRIGHT;
  const at = (index: number): number => matrix.readInt32LE(index * 4);
  const unit = Math.max(Math.abs(at(0)), Math.abs(at(1)));
  if (unit === 0) return UPRIGHT;
  const [a, b, c, d] = [at(0) / unit, at(1) / unit, at(3) / unit, at(4) / unit].map(Math.round) as [
    number,
    number,
    number,
    number,
  ];
  const quarter = Math.abs(a * d - b * c) === 1 && a * b === 0 && c * d === 0;
  // The matrix says where a stored pixel goes; its inverse, where a shown one comes from, is its transpose.
  return quarter ? { a: a || 0, b: b || 0, c: c || 0, d: d || 0 } : UPRIGHT;
}

/** Where to read and where to write when rows of pixels are copied. */
export interface TurnedCopy {
  readonly from: Uint8Array;
  /** Bytes from one row to the next. */
  readonly fromStride: number;
  readonly to: Uint8Array;
  readonly toStride: number;
  /** Size of what is written, pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytesPerPixel: number;
  readonly turn: PictureTurn;
}

/** Copies pixels, turning them upright. */
export function copyTurned({ from, fromStride, to, toStride, width, height, bytesPerPixel, turn }: TurnedCopy): void {
  const { a, b, c, d } = turn;
  if (a === 1 && d === 1) {
    const length = width * bytesPerPixel;
    for (let y = 0; y < height; y += 1) to.set(from.subarray(y * fromStride, y * fromStride + length), y * toStride);
    return;
  }
  const stored = isSideways(turn) ? { width: height, height: width } : { width, height };
  const left = a < 0 || b < 0 ? stored.width - 1 : 0;
  const top = c < 0 || d < 0 ? stored.height - 1 : 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const source = (c * x + d * y + top) * fromStride + (a * x + b * y + left) * bytesPerPixel;
      const target = y * toStride + x * bytesPerPixel;
      for (let i = 0; i < bytesPerPixel; i += 1) to[target + i] = from[source + i]!;
    }
  }
}
