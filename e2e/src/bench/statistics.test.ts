import { describe, expect, it } from 'vitest';
import { averageGroups, linearSlope, percentile } from './statistics.js';

describe('percentiles', () => {
  it('are values that occurred', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([1, 3, 5, 5]);
  });

  it('of nothing are not a number, rather than a good one', () => {
    expect(percentile([], 0.95)).toBeNaN();
  });
});

describe('a slope', () => {
  it('of a straight line is certain', () => {
    const { slope, confidence, mean } = linearSlope([0, 1, 2, 3, 4].map((x) => [x, 10 - 2 * x]));
    expect(slope).toBeCloseTo(-2);
    expect(confidence).toBeCloseTo(0);
    expect(mean).toBeCloseTo(6);
  });

  it('has the confidence that the textbook gives', () => {
    const points: [number, number][] = [
      [1, 1],
      [2, 3],
      [3, 2],
      [4, 4],
      [5, 5],
    ];
    const { slope, confidence } = linearSlope(points);
    // Sxx = 10, residual sum of squares 1.9, t(3) = 3.182: 3.182 * sqrt(1.9 / 3 / 10).
    expect(slope).toBeCloseTo(0.9);
    expect(confidence).toBeCloseTo(3.182 * Math.sqrt(1.9 / 3 / 10), 3);
  });

  it('needs three points', () => {
    expect(() => linearSlope([[0, 0]])).toThrow(RangeError);
  });

  it('is not read out of a saw tooth once its points are averages over the teeth', () => {
    const saw = Array.from({ length: 300 }, (_, i): [number, number] => [i, 100 + (i % 10)]);
    const { slope, confidence } = linearSlope(averageGroups(saw, 10));
    expect(Math.abs(slope)).toBeLessThanOrEqual(confidence + 1e-9);
  });
});
