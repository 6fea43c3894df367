/** After this long without picture, sound goes on alone, ms. Slides that come less often are waited for longer, once seen. */
const STALL_MS = 5000;
/** So many times the longest time between pictures so far. */
const FACTOR = 2;
/** Shorter than any frame, ms: a picture that is not this much later than all before it gets no further. */
const LEAST_STEP_MS = 1;
/** Sound this much further ahead than a picture is waited for is of another clock, ms. */
const FURTHEST_MS = 10_000;

/**
 * Tells a picture that has stopped, under which sound goes on alone, from one that comes seldom, and from one whose sound
 * runs ahead of it because its clock is fast. Sound is the clock of both: a source that stands still misses nothing.
 */
export class PicturePace {
  private stallMs = STALL_MS;
  private newestMs = Number.NaN;
  private soundMs = Number.NEGATIVE_INFINITY;

  /** @param longestMs pictures are never waited for longer than this */
  constructor(private readonly longestMs: number) {}

  /** Time without a picture after which it has stopped, ms of sound. */
  get patienceMs(): number {
    return this.stallMs;
  }

  /** A picture of `startMs` came when there was sound up to `soundMs`. Whose timestamps stand has stopped all the same. */
  came(startMs: number, soundMs = Number.NEGATIVE_INFINITY): void {
    if (startMs - this.newestMs < LEAST_STEP_MS) return;
    this.newestMs = startMs;
    this.soundMs = soundMs;
  }

  /** The picture of `startMs` follows on the one before: they are so far apart. */
  followed(startMs: number): void {
    this.learn(startMs - this.newestMs);
  }

  /** A picture came that cannot be shown, when there was sound up to `soundMs`. */
  missed(soundMs: number): void {
    this.learn(soundMs - this.newestMs);
  }

  /** There is sound up to `soundMs`, and there was no picture for long. */
  stopped(soundMs: number): boolean {
    return soundMs - Math.max(this.newestMs, this.soundMs) > this.stallMs;
  }

  /** Pictures come, and sound of `soundMs` would have to wait for its own without end. */
  neverReaches(soundMs: number): boolean {
    return soundMs - this.newestMs > this.stallMs + FURTHEST_MS;
  }

  private learn(intervalMs: number): void {
    if (Number.isFinite(intervalMs))
      this.stallMs = Math.min(Math.max(this.stallMs, intervalMs * FACTOR), this.longestMs);
  }
}
