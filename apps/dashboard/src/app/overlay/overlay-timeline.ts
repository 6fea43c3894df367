import { type Analysis, type Box, type Detection, labelOf } from '@media-analyzer/protocol';

export interface TimelineOptions {
  /** Analyses kept at most: ten minutes at ten a second. */
  readonly capacity?: number;
  /** Neighbours further apart than this are not joined by interpolation, ms: objects turn and meet in between. */
  readonly maxInterpolationMs?: number;
  /** How long the newest analysis stands without a later one, ms; then it fades. */
  readonly holdMs?: number;
  readonly fadeMs?: number;
}

/** A box to draw, and whether a model saw it on this frame or it was placed between two frames it was seen on. */
export interface OverlayBox extends Detection {
  readonly interpolated: boolean;
}

export type OverlayKind = 'exact' | 'interpolated' | 'held' | 'fading' | 'none';

export interface OverlayFrame {
  readonly kind: OverlayKind;
  readonly boxes: readonly OverlayBox[];
  /** 0..1; below 1 only while fading. */
  readonly opacity: number;
  /** PTS that the boxes describe, ms: the analysis's own, the frame's when interpolated; null when nothing is drawn. */
  readonly drawnPtsMs: number | null;
  readonly before: Analysis | null;
  readonly after: Analysis | null;
}

/**
 * Analysis PTS and frame PTS are the same number in the server; container timescales and the millisecond of the playlist's
 * date round them. Below half a frame at 120 per second, so that a neighbour is never taken for the frame.
 */
const SAME_FRAME_MS = 4;

/**
 * Analyses of one session, ordered by PTS, bounded, and what to draw on a frame: the analysis of that very frame, else boxes
 * between the two neighbours, never beyond the last one and never "the latest message".
 */
export class OverlayTimeline {
  private entries: Analysis[] = [];
  private focusMs = 0;
  private readonly capacity: number;
  private readonly maxInterpolationMs: number;
  private readonly holdMs: number;
  private readonly fadeMs: number;

  constructor(options: TimelineOptions = {}) {
    this.capacity = options.capacity ?? 6000;
    this.maxInterpolationMs = options.maxInterpolationMs ?? 1000;
    this.holdMs = options.holdMs ?? 400;
    this.fadeMs = options.fadeMs ?? 300;
  }

  get size(): number {
    return this.entries.length;
  }

  get newest(): Analysis | null {
    return this.entries.at(-1) ?? null;
  }

  clear(): void {
    this.entries = [];
  }

  /** Inserts in order of PTS. Of two analyses of one frame the final one stays; of equals the later one. */
  insert(analysis: Analysis): void {
    const at = this.lowerBound(analysis.ptsMs);
    const present = this.entries[at];
    if (present && present.ptsMs === analysis.ptsMs) {
      if (!(present.status === 'final' && analysis.status === 'provisional')) this.entries[at] = analysis;
      return;
    }
    this.entries.splice(at, 0, analysis);
    if (this.entries.length > this.capacity) this.evict();
  }

  /** Analyses with `fromMs <= PTS < toMs`. */
  range(fromMs: number, toMs: number): readonly Analysis[] {
    return this.entries.slice(this.lowerBound(fromMs), this.lowerBound(toMs));
  }

  /** What to draw on the frame with this PTS. */
  at(ptsMs: number): OverlayFrame {
    this.focusMs = ptsMs;
    const next = this.lowerBound(ptsMs);
    const after = this.entries[next] ?? null;
    const before = this.entries[next - 1] ?? null;
    const same = nearest(before, after, ptsMs);
    if (same) return drawn('exact', same.detections.map(asSeen), same.ptsMs, before, after);
    if (!before) return nothing(before, after);
    if (after && after.ptsMs - before.ptsMs <= this.maxInterpolationMs) {
      return drawn('interpolated', interpolate(before, after, ptsMs), ptsMs, before, after);
    }
    const age = ptsMs - before.ptsMs;
    if (age <= this.holdMs) return drawn('held', before.detections.map(asSeen), before.ptsMs, before, after);
    const opacity = 1 - (age - this.holdMs) / this.fadeMs;
    if (opacity <= 0) return nothing(before, after);
    return { ...drawn('fading', before.detections.map(asSeen), before.ptsMs, before, after), opacity };
  }

  /** Forgets what lies furthest from where the viewer is: the live end while looking back, the past while live. */
  private evict(): void {
    const first = this.entries[0]!.ptsMs;
    const last = this.entries.at(-1)!.ptsMs;
    if (this.focusMs - first >= last - this.focusMs) this.entries.shift();
    else this.entries.pop();
  }

  /** Index of the first entry whose PTS is not below `ptsMs`. */
  private lowerBound(ptsMs: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.ptsMs < ptsMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function nearest(before: Analysis | null, after: Analysis | null, ptsMs: number): Analysis | null {
  const behind = before ? ptsMs - before.ptsMs : Infinity;
  const ahead = after ? after.ptsMs - ptsMs : Infinity;
  if (Math.min(behind, ahead) > SAME_FRAME_MS) return null;
  return ahead <= behind ? after : before;
}

/**
 * Boxes of the same object (track and label) are placed between its two sightings. An object that is gone in the later
 * analysis stands still for the first half of the way; one that is new there is not drawn before it was seen.
 */
function interpolate(before: Analysis, after: Analysis, ptsMs: number): OverlayBox[] {
  const ratio = (ptsMs - before.ptsMs) / (after.ptsMs - before.ptsMs);
  const boxes: OverlayBox[] = [];
  for (const seen of before.detections) {
    const next =
      seen.trackId === null
        ? undefined
        : after.detections.find((other) => other.trackId === seen.trackId && labelOf(other) === labelOf(seen));
    if (next) {
      boxes.push({
        ...seen,
        box: between(seen.box, next.box, ratio),
        score: mix(seen.score, next.score, ratio),
        interpolated: true,
      });
    } else if (ratio < 0.5) {
      boxes.push(asSeen(seen));
    }
  }
  return boxes;
}

function between(a: Box, b: Box, ratio: number): Box {
  return [mix(a[0], b[0], ratio), mix(a[1], b[1], ratio), mix(a[2], b[2], ratio), mix(a[3], b[3], ratio)];
}

function mix(a: number, b: number, ratio: number): number {
  return a + (b - a) * ratio;
}

function asSeen(detection: Detection): OverlayBox {
  return { ...detection, interpolated: false };
}

function drawn(
  kind: OverlayKind,
  boxes: OverlayBox[],
  drawnPtsMs: number,
  before: Analysis | null,
  after: Analysis | null,
): OverlayFrame {
  return { kind, boxes, opacity: 1, drawnPtsMs, before, after };
}

function nothing(before: Analysis | null, after: Analysis | null): OverlayFrame {
  return { kind: 'none', boxes: [], opacity: 0, drawnPtsMs: null, before, after };
}
