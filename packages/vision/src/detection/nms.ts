/** Boxes that a model proposes for one frame, in pixels of its input. Buffers grow once and are kept. */
export class Candidates {
  count = 0;
  /** `x1, y1, x2, y2` of each candidate. */
  corners: Float32Array;
  scores: Float32Array;
  labels: Int32Array;

  /** @param capacity most candidates that a frame can have: the model's number of anchors or queries. */
  constructor(capacity: number) {
    this.corners = new Float32Array(capacity * 4);
    this.scores = new Float32Array(capacity);
    this.labels = new Int32Array(capacity);
  }

  clear(): void {
    this.count = 0;
  }

  /** Takes one box; non-finite ones are no boxes and are left out. */
  add(x1: number, y1: number, x2: number, y2: number, score: number, label: number): void {
    if (!(Number.isFinite(x1 + y1 + x2 + y2) && x2 > x1 && y2 > y1) || this.count === this.scores.length) return;
    const at = this.count++;
    this.corners[at * 4] = x1;
    this.corners[at * 4 + 1] = y1;
    this.corners[at * 4 + 2] = x2;
    this.corners[at * 4 + 3] = y2;
    this.scores[at] = score;
    this.labels[at] = label;
  }
}

/** Only this many best candidates are compared with each other, so that a low threshold does not cost the square of thousands. */
const MAX_COMPARED = 1000;

/**
 * Class-wise greedy non-maximum suppression: of boxes of one class that overlap by more than `iouThreshold`, the best stays.
 *
 * @returns indices of what stays, best score first, at most `limit`.
 */
export function suppress(candidates: Candidates, iouThreshold: number, limit: number): number[] {
  const { scores, labels, corners } = candidates;
  const order = Array.from({ length: candidates.count }, (_, index) => index).sort((a, b) => scores[b]! - scores[a]!);
  order.length = Math.min(order.length, MAX_COMPARED);
  const kept: number[] = [];
  const keptByLabel = new Map<number, number[]>();
  for (const index of order) {
    if (kept.length === limit) break;
    const label = labels[index]!;
    const rivals = keptByLabel.get(label) ?? [];
    if (rivals.some((rival) => overlap(corners, index, rival) > iouThreshold)) continue;
    kept.push(index);
    rivals.push(index);
    keptByLabel.set(label, rivals);
  }
  return kept;
}

/** Intersection over union of two candidates. */
function overlap(corners: Float32Array, a: number, b: number): number {
  const p = a * 4;
  const q = b * 4;
  const width = Math.min(corners[p + 2]!, corners[q + 2]!) - Math.max(corners[p]!, corners[q]!);
  const height = Math.min(corners[p + 3]!, corners[q + 3]!) - Math.max(corners[p + 1]!, corners[q + 1]!);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(corners, p) + area(corners, q) - shared);
}

function area(corners: Float32Array, at: number): number {
  return (corners[at + 2]! - corners[at]!) * (corners[at + 3]! - corners[at + 1]!);
}
