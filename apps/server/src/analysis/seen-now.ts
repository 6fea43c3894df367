import {
  countsForViewer,
  DEFAULT_FILTER,
  type Detection,
  labelOf,
  type SeenNow,
  sightedIn,
} from '@media-analyzer/protocol';

/** "Now" is this long, ms: long enough for an object that is hidden for a moment. */
const WINDOW_MS = 3000;
/** Analyses remembered: the window at 50 a second. */
const CAPACITY = 150;
/** Classes told at most; what a list has room for. */
const MAX_CLASSES = 6;

/** What is seen of one session right now: of each class the most at one time. For all viewers: what counts by default. */
export class WhatIsSeen {
  #frames: { readonly at: number; readonly counts: ReadonlyMap<string, number> }[] = [];

  /** @param at when the result came, Unix ms */
  add(at: number, detections: readonly Detection[]): void {
    const counts = new Map<string, number>();
    for (const detection of detections) {
      if (!countsForViewer(sightedIn(detection), DEFAULT_FILTER)) continue;
      const label = labelOf(detection);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    this.#frames.push({ at, counts });
    if (this.#frames.length > CAPACITY) this.#frames.shift();
  }

  /** Most frequent first. @param now Unix ms */
  now(now: number): SeenNow[] {
    this.#frames = this.#frames.filter(({ at }) => at > now - WINDOW_MS);
    const most = new Map<string, number>();
    for (const { counts } of this.#frames)
      for (const [label, count] of counts) most.set(label, Math.max(count, most.get(label) ?? 0));
    return [...most]
      .map(([label, count]) => ({ label, count }))
      .sort((a, b) => b.count - a.count || a.label.localeCompare(b.label))
      .slice(0, MAX_CLASSES);
  }
}
