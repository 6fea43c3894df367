import type { Analysis } from '@media-analyzer/protocol';

/** A class that is on the picture now. */
export interface Visible {
  readonly label: string;
  readonly count: number;
  readonly bestScore: number;
  /** PTS since which the class has been there without a break, ms. */
  readonly sinceMs: number;
}

export interface ClassCount {
  readonly label: string;
  /** Different objects seen; without tracks, the most at one time. */
  readonly objects: number;
  /** Analyses that it was in. */
  readonly analyses: number;
}

/** One object's stay in the picture. */
export interface Appearance {
  readonly trackId: number;
  readonly label: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bestScore: number;
  readonly present: boolean;
}

/** An object that was missed for no longer than this has not left, ms: detectors blink. */
const BREAK_MS = 1500;
/** Shorter stays are flicker, not appearances, ms. */
const MIN_STAY_MS = 300;

/**
 * What is on the picture at `ptsMs`, by the last analysis at or before it that is not older than the bound; most first.
 * @param analyses in order of PTS
 */
export function visibleAt(analyses: readonly Analysis[], ptsMs: number): Visible[] {
  const upTo = analyses.filter((analysis) => analysis.ptsMs <= ptsMs);
  const current = upTo.at(-1);
  if (!current || ptsMs - current.ptsMs > BREAK_MS) return [];
  const byLabel = new Map<string, { count: number; bestScore: number }>();
  for (const { label, score } of current.detections) {
    const entry = byLabel.get(label) ?? { count: 0, bestScore: 0 };
    byLabel.set(label, { count: entry.count + 1, bestScore: Math.max(entry.bestScore, score) });
  }
  return [...byLabel]
    .map(([label, entry]) => ({ label, ...entry, sinceMs: presentSince(upTo, label) }))
    .sort((a, b) => b.count - a.count || a.label.localeCompare(b.label));
}

function presentSince(analyses: readonly Analysis[], label: string): number {
  let since = analyses.at(-1)!.ptsMs;
  for (let i = analyses.length - 1; i >= 0; i--) {
    const analysis = analyses[i]!;
    if (since - analysis.ptsMs > BREAK_MS) break;
    if (analysis.detections.some((detection) => detection.label === label)) since = analysis.ptsMs;
  }
  return since;
}

/** Objects per class over the given analyses; most first. */
export function countClasses(analyses: readonly Analysis[]): ClassCount[] {
  const classes = new Map<string, { tracks: Set<number>; untracked: number; analyses: number }>();
  for (const analysis of analyses) {
    const untracked = new Map<string, number>();
    for (const { label, trackId } of analysis.detections) {
      const entry = classes.get(label) ?? { tracks: new Set(), untracked: 0, analyses: 0 };
      classes.set(label, entry);
      if (trackId === null) untracked.set(label, (untracked.get(label) ?? 0) + 1);
      else entry.tracks.add(trackId);
    }
    for (const label of new Set(analysis.detections.map((detection) => detection.label))) {
      const entry = classes.get(label)!;
      entry.analyses++;
      entry.untracked = Math.max(entry.untracked, untracked.get(label) ?? 0);
    }
  }
  return [...classes]
    .map(([label, entry]) => ({ label, objects: entry.tracks.size + entry.untracked, analyses: entry.analyses }))
    .sort((a, b) => b.objects - a.objects || b.analyses - a.analyses || a.label.localeCompare(b.label));
}

/** Stays of tracked objects up to `ptsMs`, the newest first, at most `limit`. */
export function appearances(analyses: readonly Analysis[], ptsMs: number, limit: number): Appearance[] {
  const tracks = new Map<number, { labels: Map<string, number>; firstMs: number; lastMs: number; bestScore: number }>();
  for (const analysis of analyses) {
    if (analysis.ptsMs > ptsMs) break;
    for (const { trackId, label, score } of analysis.detections) {
      if (trackId === null) continue;
      const track = tracks.get(trackId) ?? { labels: new Map(), firstMs: analysis.ptsMs, lastMs: 0, bestScore: 0 };
      tracks.set(trackId, track);
      track.labels.set(label, (track.labels.get(label) ?? 0) + 1);
      track.lastMs = analysis.ptsMs;
      track.bestScore = Math.max(track.bestScore, score);
    }
  }
  return [...tracks]
    .map(([trackId, { labels, ...track }]) => ({
      trackId,
      label: [...labels].reduce((a, b) => (b[1] > a[1] ? b : a))[0],
      ...track,
      present: ptsMs - track.lastMs <= BREAK_MS,
    }))
    .filter((track) => track.present || track.lastMs - track.firstMs >= MIN_STAY_MS)
    .sort((a, b) => b.firstMs - a.firstMs)
    .slice(0, limit);
}

/** Most objects at one time in each second of `[fromMs, toMs)`; null where there was no analysis. */
export function objectsPerSecond(analyses: readonly Analysis[], fromMs: number, toMs: number): (number | null)[] {
  const seconds = Math.max(0, Math.ceil((toMs - fromMs) / 1000));
  const most: (number | null)[] = Array.from({ length: seconds }, () => null);
  for (const analysis of analyses) {
    const index = Math.floor((analysis.ptsMs - fromMs) / 1000);
    if (index < 0 || index >= seconds) continue;
    most[index] = Math.max(most[index] ?? 0, analysis.detections.length);
  }
  return most;
}
