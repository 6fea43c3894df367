import {
  type Analysis,
  countsForViewer,
  isSureEnough,
  labelOf,
  sightedIn,
  type ViewerFilter,
  wantsLabel,
} from '@media-analyzer/protocol';
import type { OverlayBox } from '../overlay/overlay-timeline';

/** A class that is on the picture now. */
export interface Visible {
  readonly label: string;
  readonly count: number;
  /** As on its box. */
  readonly bestScore: number;
  /** PTS since which the class has been there without a break, ms. */
  readonly sinceMs: number;
  /** The viewer wants this class. */
  readonly shown: boolean;
}

export interface ClassCount {
  readonly label: string;
  /** Most at one time. */
  readonly most: number;
  /** Analyses that it was in. */
  readonly analyses: number;
}

/** An object that was missed for no longer than this has not left, ms: detectors blink. */
const BREAK_MS = 1500;

/**
 * The classes of the boxes on the screen, most first. Those that the viewer switched off are told too, so that they can be
 * switched on again.
 * @param boxes as the overlay has them for the shown frame
 * @param analyses up to that frame, in order of PTS
 */
export function visibleOf(
  boxes: readonly OverlayBox[],
  analyses: readonly Analysis[],
  filter: ViewerFilter,
): Visible[] {
  const byLabel = new Map<string, { count: number; bestScore: number }>();
  for (const box of boxes) {
    if (!isSureEnough(sightedIn(box), filter)) continue;
    const label = labelOf(box);
    const entry = byLabel.get(label) ?? { count: 0, bestScore: 0 };
    byLabel.set(label, { count: entry.count + 1, bestScore: Math.max(entry.bestScore, box.score) });
  }
  return [...byLabel]
    .map(([label, entry]) => ({
      ...{ label, ...entry, sinceMs: presentSince(analyses, label, filter) },
      shown: wantsLabel(filter, label),
    }))
    .sort((a, b) => b.count - a.count || a.label.localeCompare(b.label));
}

function presentSince(analyses: readonly Analysis[], label: string, filter: ViewerFilter): number {
  let since = analyses.at(-1)?.ptsMs ?? 0;
  for (let i = analyses.length - 1; i >= 0; i--) {
    const { ptsMs, detections } = analyses[i]!;
    if (since - ptsMs > BREAK_MS) break;
    if (detections.some((detection) => labelOf(detection) === label && isSureEnough(sightedIn(detection), filter)))
      since = ptsMs;
  }
  return since;
}

/** Most objects at one time of each class that the viewer wants; most first. */
export function countClasses(analyses: readonly Analysis[], filter: ViewerFilter): ClassCount[] {
  const classes = new Map<string, { most: number; analyses: number }>();
  for (const { detections } of analyses) {
    const here = new Map<string, number>();
    for (const detection of detections) {
      if (countsForViewer(sightedIn(detection), filter))
        here.set(labelOf(detection), (here.get(labelOf(detection)) ?? 0) + 1);
    }
    for (const [label, count] of here) {
      const entry = classes.get(label) ?? { most: 0, analyses: 0 };
      classes.set(label, { most: Math.max(entry.most, count), analyses: entry.analyses + 1 });
    }
  }
  return [...classes]
    .map(([label, entry]) => ({ label, ...entry }))
    .sort((a, b) => b.most - a.most || b.analyses - a.analyses || a.label.localeCompare(b.label));
}

/** Most objects at one time in each second of `[fromMs, toMs)`; null where there was no analysis. */
export function objectsPerSecond(
  analyses: readonly Analysis[],
  { fromMs, toMs, filter }: { readonly fromMs: number; readonly toMs: number; readonly filter: ViewerFilter },
): (number | null)[] {
  const seconds = Math.max(0, Math.ceil((toMs - fromMs) / 1000));
  const most: (number | null)[] = Array.from({ length: seconds }, () => null);
  for (const { ptsMs, detections } of analyses) {
    const index = Math.floor((ptsMs - fromMs) / 1000);
    if (index < 0 || index >= seconds) continue;
    most[index] = Math.max(
      most[index] ?? 0,
      detections.filter((one) => countsForViewer(sightedIn(one), filter)).length,
    );
  }
  return most;
}
