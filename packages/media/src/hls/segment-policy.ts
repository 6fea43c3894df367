/** Which lengths segments and parts should have. All values are ms of media, but for `maxBytes`. */
export interface CutLimits {
  /** Wanted segment duration. */
  readonly targetSegmentMs: number;
  /** Wanted part duration. */
  readonly partAimMs: number;
  /** No part is longer, if frames allow it (`PART-TARGET`). */
  readonly partLimitMs: number;
  /** No part but the last of a segment is shorter: 85 % of the limit (RFC 8216bis 4.4.4.9). */
  readonly partMinMs: number;
  /** An open segment is cut without a keyframe when it gets longer than this: bounds memory when no keyframe comes. */
  readonly maxSegmentMs: number;
  /** The same in bytes. */
  readonly maxSegmentBytes: number;
}

/**
 * Whole frames have to fit between 85 % and 100 % of `PART-TARGET`. With 8 % above the aim, they do at every frame rate
 * from 24.7 upwards and at 24, 20, 15 and 12 frames per second.
 */
const PART_LIMIT_FACTOR = 1.08;
const PART_MIN_FACTOR = 0.85;
/** Longest keyframe interval that is waited for: OBS's automatic setting gives 8.3 to 10.4 s, 300 frames at 15 fps 20 s. */
const MAX_SEGMENT_MS = 30_000;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
/** The first segment ends at the first keyframe after this, so that players can start early. */
const FIRST_SEGMENT_MIN_MS = 400;

/** The limits that follow from the wanted durations, ms. */
export function cutLimits(targetSegmentMs: number, partAimMs: number): CutLimits {
  const partLimitMs = Math.round(partAimMs * PART_LIMIT_FACTOR);
  return {
    targetSegmentMs,
    partAimMs,
    partLimitMs,
    partMinMs: partLimitMs * PART_MIN_FACTOR,
    maxSegmentMs: Math.max(MAX_SEGMENT_MS, 2 * targetSegmentMs),
    maxSegmentBytes: MAX_SEGMENT_BYTES,
  };
}

/**
 * The first segment is cut without a keyframe after this: nothing can be played before it is complete. Longer than OBS's
 * automatic keyframe interval, which gives segments that all begin with keyframes.
 */
const FIRST_SEGMENT_MAX_MS = 12_000;

/** Decides at which keyframes segments end. */
export class SegmentPolicy {
  private first = true;
  /** Longest segment that does not raise the playlist's target duration, ms. */
  private fittingMs: number;

  constructor(private readonly limits: CutLimits) {
    this.fittingMs = Math.round(limits.targetSegmentMs / 1000) * 1000;
  }

  /** The playlist's `EXT-X-TARGETDURATION` is now this, ms. Durations are rounded before they are compared with it. */
  allow(targetDurationMs: number): void {
    this.fittingMs = targetDurationMs;
  }

  /** A segment was finished. */
  segmentEnded(): void {
    this.first = false;
  }

  /**
   * Cut before this keyframe? Yes at the one nearest to the target, and earlier when the next one is expected so late that
   * the segment would break the playlist's target duration.
   *
   * @param elapsedMs From the segment's start to the keyframe.
   * @param intervalMs From the keyframe before to this one.
   */
  cutsAtKeyframe(elapsedMs: number, intervalMs: number): boolean {
    if (this.first) return elapsedMs >= FIRST_SEGMENT_MIN_MS;
    if (elapsedMs + intervalMs >= this.fittingMs + 500) return true;
    return elapsedMs + intervalMs / 2 >= this.limits.targetSegmentMs;
  }

  /** Cut before this sample although it is no keyframe? */
  cutsAnywhere(elapsedMs: number, segmentBytes: number): boolean {
    if (this.first && elapsedMs >= FIRST_SEGMENT_MAX_MS) return true;
    return elapsedMs >= this.limits.maxSegmentMs || segmentBytes >= this.limits.maxSegmentBytes;
  }
}
