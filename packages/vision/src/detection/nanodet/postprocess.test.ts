import { describe, expect, it } from 'vitest';
import { Candidates } from '../nms.js';
import { decode } from './postprocess.js';

const boxes = Float32Array.of(...[0, 0, 10, 10], ...[20, 20, 40, 30], ...[5, 5, 6, 6], ...[1, 2, 3, 4]);
const scores = Float32Array.of(...[0.1, 0.9], ...[0.6, 0.2], ...[0.1, 0.2], ...[0.7, 0.8]);
function run(first: number, scoreThreshold: number): Candidates {
  const candidates = new Candidates(4);
  decode({ boxes, scores, first, anchors: 2, classes: 2, scoreThreshold }, candidates);
  return candidates;
}

describe('NanoDet decode', () => {
  it('takes each anchor with its best class', () => {
    const found = run(0, 0.4);
    expect(found.count).toBe(2);
    expect([...found.labels.subarray(0, 2)]).toEqual([1, 0]);
    expect([...found.corners.subarray(4, 8)]).toEqual([20, 20, 40, 30]);
    expect([...found.scores.subarray(0, 2)]).toEqual([expect.closeTo(0.9), expect.closeTo(0.6)]);
  });

  it('leaves out what is below the threshold', () => {
    expect(run(0, 0.7).count).toBe(1);
  });

  it('reads only the anchors of its frame', () => {
    const found = run(2, 0.4);
    expect(found.count).toBe(1);
    expect([...found.corners.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
  });
});
