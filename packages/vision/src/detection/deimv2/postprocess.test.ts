import { describe, expect, it } from 'vitest';
import { Candidates } from '../nms.js';
import { decode } from './postprocess.js';

const labels = BigInt64Array.of(3n, 80n, 1n, 2n);
const boxes = Float32Array.of(...[0, 0, 10, 10], ...[1, 1, 2, 2], ...[5, 5, 6, 6], ...[1, 2, 3, 4]);
const scores = Float32Array.of(0.9, 0.1, 0.3, 0.8);
function run(first: number, scoreThreshold: number): Candidates {
  const candidates = new Candidates(4);
  decode({ labels, boxes, scores, first, queries: 2, classes: 80, scoreThreshold }, candidates);
  return candidates;
}

describe('DEIMv2 decode', () => {
  it('takes the queries of its frame at or above the threshold', () => {
    const found = run(2, 0.5);
    expect(found.count).toBe(1);
    expect(found.labels[0]).toBe(2);
    expect([...found.corners.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
  });

  it('refuses a class that the label set does not have, where it matters', () => {
    expect(run(0, 0.5).count).toBe(1);
    expect(() => run(0, 0.05)).toThrow('the class 80; the label set has 80');
  });
});
