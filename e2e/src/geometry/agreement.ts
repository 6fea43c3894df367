import type { Box } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import type { Seen } from './seen.js';

/** From this score on a detection is one that another look at the same scene should give too. */
const SURE = 0.5;
/** Overlap from which two boxes are of one object. */
const SAME_OBJECT = 0.5;

/** How well what was seen in a variant of a clip agrees with what was seen in the clip. */
export interface Agreement {
  /** Share of the clip's sure detections that the variant has too: same label, same place. 0..1. */
  readonly recall: number;
  /** Share of the variant's sure detections that the clip has too, 0..1. */
  readonly precision: number;
  /** Mean overlap (intersection over union) of the boxes that were found again, 0..1. */
  readonly overlap: number;
  /** Sure detections in the clip: what the shares are of. */
  readonly sure: number;
}

/** Compares frame by frame at the same times. */
export function agreement(original: readonly Seen[], variant: readonly Seen[]): Agreement {
  let [sure, found, claimed, right] = [0, 0, 0, 0];
  const overlaps: number[] = [];
  for (const { timeMs, detections } of variant) {
    const same = nearest(original, timeMs);
    for (const one of same.detections) {
      if (one.score < SURE) continue;
      sure += 1;
      const overlap = bestOverlap(one, detections);
      if (overlap < SAME_OBJECT) continue;
      found += 1;
      overlaps.push(overlap);
    }
    for (const one of detections) {
      if (one.score < SURE) continue;
      claimed += 1;
      if (bestOverlap(one, same.detections) >= SAME_OBJECT) right += 1;
    }
  }
  if (overlaps.length === 0) return { recall: 0, precision: 0, overlap: 0, sure };
  const overlap = overlaps.reduce((sum, value) => sum + value, 0) / overlaps.length;
  return { recall: found / sure, precision: claimed === 0 ? 0 : right / claimed, overlap, sure };
}

/** Intersection over union of two boxes. */
export function overlapOf([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const width = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const height = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (aw * ah + bw * bh - width * height);
}

function nearest(seen: readonly Seen[], timeMs: number): Seen {
  return seen.reduce((best, one) => (Math.abs(one.timeMs - timeMs) < Math.abs(best.timeMs - timeMs) ? one : best));
}

function bestOverlap(one: RawDetection, among: readonly RawDetection[]): number {
  return Math.max(0, ...among.filter(({ label }) => label === one.label).map(({ box }) => overlapOf(box, one.box)));
}
