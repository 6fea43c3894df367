/** What is known at one moment about what is played and what is shown. */
export interface PictureReading {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Frames shown since the element exists. */
  readonly frames: number;
  /** A picture is due: there is one in the stream, media are loaded or should be, and somebody looks. */
  readonly expected: boolean;
  /** Frames per second that the encoder sends; null while not known. */
  readonly frameRate: number | null;
}

/** So long a picture may stand still or be absent before it is said, ms: a slow start, a stall, a slow decoder. */
const PATIENCE_MS = 5000;
/** And so many frame durations: a picture that changes every ten seconds is no fault. */
const PATIENCE_FRAMES = 3;

/**
 * Notices when media are there and no picture is: nothing that the element says about itself tells that its decoder takes
 * everything and shows nothing. Ask it regularly.
 */
export class PictureWatch {
  private frames = -1;
  private seenAt = 0;

  /** @returns whether a picture should be there and is not */
  missing({ now, frames, expected, frameRate }: PictureReading): boolean {
    if (!expected || frames !== this.frames) {
      this.frames = frames;
      this.seenAt = now;
      return false;
    }
    const patience = Math.max(PATIENCE_MS, frameRate ? (PATIENCE_FRAMES * 1000) / frameRate : 0);
    return now - this.seenAt >= patience;
  }
}
