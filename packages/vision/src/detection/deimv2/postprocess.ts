import type { Candidates } from '../nms.js';
import { TensorMismatch } from '../tensor.js';

export interface DeimOutput {
  /** Class index of each query. */
  readonly labels: BigInt64Array;
  /** `x1, y1, x2, y2` of each query, pixels of the input. */
  readonly boxes: Float32Array;
  /** Probability of each query. */
  readonly scores: Float32Array;
  /** Index of the frame's first query. */
  readonly first: number;
  readonly queries: number;
  readonly classes: number;
  readonly scoreThreshold: number;
}

/**
 * Reads DEIMv2's output: each query is an object of its own.
 *
 * @throws TensorMismatch when a label lies outside the label set.
 */
export function decode(output: DeimOutput, candidates: Candidates): void {
  const { labels, boxes, scores, first, queries, classes, scoreThreshold } = output;
  for (let query = first; query < first + queries; query++) {
    const score = scores[query]!;
    if (!(score >= scoreThreshold)) continue;
    const label = Number(labels[query]!);
    if (label < 0 || label >= classes)
      throw new TensorMismatch(`it gave the class ${label}; the label set has ${classes}`);
    const at = query * 4;
    candidates.add(boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!, score, label);
  }
}
