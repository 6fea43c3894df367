import { describe, expect, it } from 'vitest';
import { ClassPalette, PALETTE } from './class-palette';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const DEFICIENCIES: Readonly<Record<string, Matrix>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const NONE: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function linear(color: string): Triple {
  const at = (from: number) => {
    const value = Number.parseInt(color.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [at(1), at(3), at(5)];
}

function times(matrix: Matrix, [r, g, b]: Triple): Triple {
  const row = ([x, y, z]: Triple) => Math.min(1, Math.max(0, x * r + y * g + z * b));
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Least distance of two of the colours in OKLab; 0.02 is just noticeable side by side. */
function leastDistance(colors: readonly string[], matrix: Matrix): number {
  const points = colors.map((color) => oklab(times(matrix, linear(color))));
  let least = Infinity;
  for (const [i, a] of points.entries())
    for (const b of points.slice(i + 1)) least = Math.min(least, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  return least;
}

const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

describe('the colours of classes', () => {
  it.each([['all colours', NONE], ...Object.entries(DEFICIENCIES)])(
    'can be told apart by those who see %s',
    (_, matrix) => {
      expect(leastDistance(PALETTE.slice(0, 8), matrix as Matrix)).toBeGreaterThan(0.07);
      expect(leastDistance(PALETTE, matrix as Matrix)).toBeGreaterThan(0.045);
    },
  );

  it('carry dark text (WCAG AA)', () => {
    const text = luminance(linear('#0b0f14'));
    for (const color of PALETTE) expect((luminance(linear(color)) + 0.05) / (text + 0.05)).toBeGreaterThan(4.5);
  });

  it('differ for any twelve classes, whatever their names and order', () => {
    const names = [
      'sports ball',
      'surfboard',
      'backpack',
      'boat',
      'dog',
      'fire hydrant',
      'frisbee',
      'person',
      'car',
      'truck',
      'bus',
      'cat',
    ];
    for (const order of [names, names.toReversed(), names.toSorted()]) {
      const palette = new ClassPalette();
      expect(new Set(order.map((name) => palette.colorOf(name))).size).toBe(12);
    }
  });

  it('stay with their class, also when others come', () => {
    const palette = new ClassPalette();
    const before = ['dog', 'truck', 'kite'].map((name) => palette.colorOf(name));
    for (let i = 0; i < 9; i++) palette.colorOf(`class ${i}`);
    expect(['dog', 'truck', 'kite'].map((name) => palette.colorOf(name))).toEqual(before);
  });

  it('do not collide on the screen past twelve classes: what was away for longest gives way', () => {
    const palette = new ClassPalette();
    const names = Array.from({ length: 40 }, (_, i) => `class ${i}`);
    for (let at = 0; at + 6 <= names.length; at++) {
      const shown = names.slice(at, at + 6);
      palette.see(shown);
      for (const name of shown) palette.colorOf(name);
      expect(new Set(shown.map((name) => palette.colorOf(name))).size).toBe(6);
    }
  });
});
