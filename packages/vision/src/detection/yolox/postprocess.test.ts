import { describe, expect, it } from 'vitest';
import { Candidates } from '../nms.js';
import { createGrid, decode } from './postprocess.js';

const grid = createGrid({ width: 64, height: 64 });
const classes = 2;

/** A table of silent cells with one that speaks. */
function table(cell: number, values: readonly number[]): Float32Array {
  const data = new Float32Array(grid.count * (5 + classes));
  data.set(values, cell * (5 + classes));
  return data;
}
function run(data: Float32Array, scoreThreshold = 0.25): Candidates {
  const candidates = new Candidates(grid.count);
  decode({ data, offset: 0, grid, classes, scoreThreshold }, candidates);
  return candidates;
}

describe('YOLOX grid', () => {
  it('lists the cells of strides 8, 16 and 32 row by row', () => {
    expect(grid.count).toBe(64 + 16 + 4);
    expect([grid.columns[9], grid.rows[9], grid.strides[9]]).toEqual([1, 1, 8]);
    expect([grid.columns[64 + 7], grid.rows[64 + 7], grid.strides[64 + 7]]).toEqual([3, 1, 16]);
    expect([grid.columns[83], grid.rows[83], grid.strides[83]]).toEqual([1, 1, 32]);
  });

  it('has the 3549 cells of a 416 model and the 8400 of a 640 one', () => {
    expect(createGrid({ width: 416, height: 416 }).count).toBe(3549);
    expect(createGrid({ width: 640, height: 640 }).count).toBe(8400);
  });
});

describe('YOLOX decode', () => {
  it('places a box from its cell, stride and logarithmic size', () => {
    // Cell 71: column 3, row 1, stride 16. Centre ((0.5 + 3) * 16, (0.25 + 1) * 16) = (56, 20); size (2 * 16, 1 * 16).
    const found = run(table(71, [0.5, 0.25, Math.log(2), 0, 0.8, 0.1, 0.9]));
    expect(found.count).toBe(1);
    expect([...found.corners.subarray(0, 4)]).toEqual([40, 12, 72, 28].map((value) => expect.closeTo(value, 4)));
    expect(found.scores[0]).toBeCloseTo(0.72);
    expect(found.labels[0]).toBe(1);
  });

  it('multiplies objectness and class before it compares with the threshold', () => {
    expect(run(table(0, [0, 0, 0, 0, 0.5, 0.5, 0.4]), 0.25).count).toBe(1);
    expect(run(table(0, [0, 0, 0, 0, 0.5, 0.49, 0.4]), 0.25).count).toBe(0);
    expect(run(table(0, [0, 0, 0, 0, 0.2, 1, 1]), 0.25).count).toBe(0);
  });

  it('leaves out a box that is not finite', () => {
    expect(run(table(0, [0, 0, 1000, 0, 0.9, 0.9, 0])).count).toBe(0);
    expect(run(table(0, [Number.NaN, 0, 0, 0, 0.9, 0.9, 0])).count).toBe(0);
  });

  it('reads the frame of a batch that its offset names', () => {
    const one = table(0, [0, 0, 0, 0, 0.9, 0.9, 0]);
    const batch = new Float32Array(one.length * 2);
    batch.set(one, one.length);
    const candidates = new Candidates(grid.count);
    decode({ data: batch, offset: 0, grid, classes, scoreThreshold: 0.25 }, candidates);
    expect(candidates.count).toBe(0);
    decode({ data: batch, offset: one.length, grid, classes, scoreThreshold: 0.25 }, candidates);
    expect(candidates.count).toBe(1);
  });
});
