/** The value below which a share of the values lies (nearest rank). NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A straight line through points, by least squares. */
export interface Slope {
  /** Change of y for each unit of x. */
  readonly slope: number;
  /** Half width of the 95 % confidence interval of the slope. */
  readonly confidence: number;
  readonly mean: number;
}

/**
 * Linear regression of y on x.
 *
 * The confidence assumes independent deviations. Samples of memory are not (a garbage collector saws), so that points
 * should be averages over times longer than one collection.
 *
 * @throws RangeError for fewer than three points.
 */
export function linearSlope(points: readonly (readonly [number, number])[]): Slope {
  if (points.length < 3) throw new RangeError(`a slope needs three points or more, not ${points.length}`);
  const meanX = points.reduce((total, [x]) => total + x, 0) / points.length;
  const meanY = points.reduce((total, [, y]) => total + y, 0) / points.length;
  const spread = points.reduce((total, [x]) => total + (x - meanX) ** 2, 0);
  const slope = points.reduce((total, [x, y]) => total + (x - meanX) * (y - meanY), 0) / spread;
  const residual = points.reduce((total, [x, y]) => total + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = Math.sqrt(residual / (points.length - 2) / spread);
  return { slope, confidence: studentQuantile(points.length - 2) * error, mean: meanY };
}

/** Averages of consecutive points in groups of `size`; an incomplete last group is left out. */
export function averageGroups(points: readonly (readonly [number, number])[], size: number): [number, number][] {
  const groups: [number, number][] = [];
  for (let start = 0; start + size <= points.length; start += size) {
    const group = points.slice(start, start + size);
    groups.push([
      group.reduce((total, [x]) => total + x, 0) / size,
      group.reduce((total, [, y]) => total + y, 0) / size,
    ]);
  }
  return groups;
}

/** 97.5 % quantile of Student's t: Cornish-Fisher expansion around the normal one, within 1 % from three degrees on. */
function studentQuantile(degrees: number): number {
  const exact = [12.706, 4.303, 3.182, 2.776][degrees - 1];
  if (exact !== undefined) return exact;
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}
