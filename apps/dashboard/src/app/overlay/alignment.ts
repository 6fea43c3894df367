import type { OverlayFrame } from './overlay-timeline';

/** One drawing of the overlay, with all that is needed to check it against the picture. */
export interface DrawRecord {
  /** `performance.now()` after drawing. */
  readonly at: number;
  /** Media time of the frame that the browser said it shows, seconds. */
  readonly mediaTime: number;
  /** The same on the session clock, ms; null when the clock cannot tell. */
  readonly ptsMs: number | null;
  /** Where the PTS comes from; `currentTime` in browsers without frame callbacks, where it is a guess. */
  readonly clock: 'container' | 'date' | 'currentTime' | null;
  readonly kind: OverlayFrame['kind'];
  /** PTS that the boxes describe; see `OverlayFrame`. */
  readonly drawnPtsMs: number | null;
  readonly beforePtsMs: number | null;
  readonly afterPtsMs: number | null;
  /** The boxes are the analysis of this very frame. */
  readonly exact: boolean;
  readonly interpolated: boolean;
  readonly boxes: number;
  /** How long the frame was already on screen when its boxes were drawn, ms. */
  readonly latenessMs: number;
  /** See `alignmentError`. */
  readonly errorMs: number | null;
  /** Frames that the browser has presented so far; a jump is a frame without a callback. */
  readonly presentedFrames: number;
}

/**
 * The overlay alignment error of one drawing, ms: how far the PTS that the boxes describe is from the PTS of the shown
 * frame, plus the time that the frame was on screen before its boxes were. The second term is the time average of
 * the error over the frame: for that long the boxes of the frame before it, one frame duration off, were still there.
 * Interpolated boxes describe the shown frame's own PTS; how true they are to the object is not part of this figure.
 */
export function alignmentError(shownPtsMs: number, drawnPtsMs: number, latenessMs: number): number {
  return Math.abs(shownPtsMs - drawnPtsMs) + Math.max(0, latenessMs);
}

/** Reports are this long apart, ms. */
const REPORT_EVERY_MS = 5000;
/** Errors in one report; the protocol's bound. Ten seconds at 60 frames a second. */
const MAX_ERRORS = 600;
/** The protocol's bound of one error, ms. */
const MAX_ERROR_MS = 60_000;

/** Gathers alignment errors and hands them on in batches. */
export class AlignmentReporter {
  private errors: number[] = [];
  private since: number | null = null;

  constructor(private readonly send: (errorsMs: number[]) => void) {}

  /** @param now monotonic milliseconds */
  add(errorMs: number, now: number): void {
    this.since ??= now;
    if (this.errors.length < MAX_ERRORS) this.errors.push(Math.min(errorMs, MAX_ERROR_MS));
    if (now - this.since >= REPORT_EVERY_MS) this.flush();
  }

  flush(): void {
    const { errors } = this;
    this.errors = [];
    this.since = null;
    if (errors.length > 0) this.send(errors);
  }
}
