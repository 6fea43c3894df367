import { type PictureTurn, UPRIGHT } from '@media-analyzer/protocol/process';
import { describe, expect, test } from 'vitest';
import { copyTurned, displayedSize } from './picture-shape.js';

describe('the displayed size', () => {
  test.each([
    [1440, 1080, 4, 3, 1920, 1080],
    [720, 576, 64, 45, 1024, 576],
    [720, 480, 8, 9, 720, 540],
    [640, 720, 2, 1, 1280, 720],
    [1280, 360, 1, 2, 1280, 720],
    [641, 361, 1, 1, 641, 361],
  ])('%d x %d with pixels of %d:%d is %d x %d', (width, height, num, den, shownWidth, shownHeight) => {
    expect(displayedSize(width, height, { num, den })).toEqual({ width: shownWidth, height: shownHeight });
  });

  test.each([
    [0, 1],
    [1, 0],
    [0, 0],
    [-1, 1],
    [1, 1000],
    [65535, 1],
  ])('pixels of %d:%d, which no picture has, are taken as square', (num, den) => {
    expect(displayedSize(640, 360, { num, den })).toEqual({ width: 640, height: 360 });
  });
});

/** Letters stand for pixels; rows are separated by blanks. */
function turned(rows: string, width: number, height: number, turn: PictureTurn): string {
  const lines = rows.split(' ');
  const to = Buffer.alloc(width * height);
  copyTurned({
    ...{ from: Buffer.from(lines.join('')), fromStride: lines[0]!.length, to, toStride: width },
    ...{ width, height, bytesPerPixel: 1, turn },
  });
  return Array.from({ length: height }, (_, y) => to.toString('latin1', y * width, (y + 1) * width)).join(' ');
}

test.each([
  ['as it is', UPRIGHT, 3, 2, 'abc def'],
  ['by half a turn', { a: -1, b: 0, c: 0, d: -1 }, 3, 2, 'fed cba'],
  ['clockwise', { a: 0, b: 1, c: -1, d: 0 }, 2, 3, 'da eb fc'],
  ['anticlockwise', { a: 0, b: -1, c: 1, d: 0 }, 2, 3, 'cf be ad'],
  ['mirrored', { a: -1, b: 0, c: 0, d: 1 }, 3, 2, 'cba fed'],
])('pixels are copied %s', (_name, turn, width, height, expected) => {
  expect(turned('abc def', width, height, turn)).toBe(expected);
});

test('pixels of several bytes stay together, and rows may be longer than the picture', () => {
  const to = Buffer.alloc(4);
  copyTurned({
    ...{ from: Buffer.from('aAbB..'), fromStride: 6, to, toStride: 4, width: 2, height: 1, bytesPerPixel: 2 },
    turn: { a: -1, b: 0, c: 0, d: 1 },
  });
  expect(to.toString()).toBe('bBaA');
});
