import type { Candidates } from '../nms.js';

export interface NanodetOutput {
  /** `x1, y1, x2, y2` of each anchor, pixels of the input: the distribution over distances is integrated in the graph. */
  readonly boxes: Float32Array;
  /** Class probabilities of each anchor. */
  readonly scores: Float32Array;
  /** Index of the frame's first anchor. */
  readonly first: number;
  readonly anchors: number;
  readonly classes: number;
  readonly scoreThreshold: number;
}

/** Reads NanoDet-Plus's output. Each anchor proposes its best class only. */
export function decode(output: NanodetOutput, candidates: Candidates): void {
  const { boxes, scores, first, anchors, classes, scoreThreshold } = output;
  for (let anchor = first; anchor < first + anchors; anchor++) {
    const row = anchor * classes;
    let label = 0;
    let best = 0;
    for (let index = 0; index < classes; index++) {
      const score = scores[row + index]!;
      if (score > best) {
        best = score;
        label = index;
      }
    }
    if (best < scoreThreshold) continue;
    const at = anchor * 4;
    candidates.add(boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!, best, label);
  }
}
