import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Candidates, suppress } from './nms.js';

function candidates(
  ...boxes: [x1: number, y1: number, x2: number, y2: number, score: number, label: number][]
): Candidates {
  const all = new Candidates(boxes.length);
  for (const box of boxes) all.add(...box);
  return all;
}

describe('suppress', () => {
  it('keeps the best of boxes of one class that overlap, best score first', () => {
    const all = candidates([0, 0, 10, 10, 0.5, 1], [1, 0, 11, 10, 0.9, 1], [50, 50, 60, 60, 0.7, 1]);
    expect(suppress(all, 0.5, 10)).toEqual([1, 2]);
  });

  it('leaves boxes of different classes alone', () => {
    expect(suppress(candidates([0, 0, 10, 10, 0.9, 1], [0, 0, 10, 10, 0.8, 2]), 0.5, 10)).toEqual([0, 1]);
  });

  it('suppresses only above the threshold', () => {
    // Shared 50 of 150: a third.
    const all = candidates([0, 0, 10, 10, 0.9, 1], [5, 0, 15, 10, 0.8, 1]);
    expect(suppress(all, 0.34, 10)).toEqual([0, 1]);
    expect(suppress(all, 0.33, 10)).toEqual([0]);
  });

  it('does not let a suppressed box suppress another', () => {
    const all = candidates([0, 0, 10, 10, 0.9, 1], [4, 0, 14, 10, 0.8, 1], [8, 0, 18, 10, 0.7, 1]);
    expect(suppress(all, 0.4, 10)).toEqual([0, 2]);
  });

  it('gives at most the limit', () => {
    expect(suppress(candidates([0, 0, 1, 1, 0.5, 0], [5, 5, 6, 6, 0.9, 0], [9, 9, 10, 10, 0.7, 0]), 0.5, 2)).toEqual([
      1, 2,
    ]);
  });

  it('leaves no two boxes of a class that overlap by more than the threshold', () => {
    const side = fc.float({ min: 0, max: 100, noNaN: true });
    const size = fc.float({ min: 1, max: 50, noNaN: true });
    const item = fc.tuple(
      side,
      side,
      size,
      size,
      fc.float({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const all = candidates(
          ...items.map(([x, y, w, h, score, label]): [number, number, number, number, number, number] => [
            x,
            y,
            x + w,
            y + h,
            score,
            label,
          ]),
        );
        const kept = suppress(all, 0.5, 100);
        for (const a of kept) {
          for (const b of kept) {
            if (a < b && all.labels[a] === all.labels[b]) expect(overlapOf(all, a, b)).toBeLessThanOrEqual(0.5 + 1e-6);
          }
        }
      }),
    );
  });
});

describe('Candidates', () => {
  it('leaves out what is no box', () => {
    const all = new Candidates(10);
    all.add(Number.NaN, 0, 1, 1, 0.9, 0);
    all.add(0, 0, Number.POSITIVE_INFINITY, 1, 0.9, 0);
    all.add(5, 0, 5, 1, 0.9, 0);
    all.add(0, 3, 5, 1, 0.9, 0);
    expect(all.count).toBe(0);
  });

  it('holds no more than its capacity', () => {
    const all = new Candidates(1);
    all.add(0, 0, 1, 1, 0.9, 0);
    all.add(0, 0, 1, 1, 0.9, 0);
    expect(all.count).toBe(1);
    all.clear();
    expect(suppress(all, 0.5, 10)).toEqual([]);
  });
});

function overlapOf(all: Candidates, a: number, b: number): number {
  const corner = (box: number, at: number): number => all.corners[box * 4 + at]!;
  const side = (axis: number): number =>
    Math.min(corner(a, axis + 2), corner(b, axis + 2)) - Math.max(corner(a, axis), corner(b, axis));
  const area = (box: number): number => (corner(box, 2) - corner(box, 0)) * (corner(box, 3) - corner(box, 1));
  const shared = Math.max(0, side(0)) * Math.max(0, side(1));
  return shared / (area(a) + area(b) - shared);
}
