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
 * runs ahead of it because its clock is fast. Sound is the clock of both: a source that stands still misses nothing. It knows
 * nothing of breaks: the session's timeline goes on over them.
 */
export class PicturePace {
  private stallMs = STALL_MS;
  private newestMs = Number.NaN;
  /** The newest sound, and the newest when the last picture came. */
  private soundMs = Number.NEGATIVE_INFINITY;
  private soundThenMs = Number.NEGATIVE_INFINITY;

  /** @param longestMs pictures are never waited for longer than this */
  constructor(private readonly longestMs: number) {}

  /** Time without a picture after which it has stopped, ms of sound. */
  get patienceMs(): number {
    return this.stallMs;
  }

  /** Sound went on, and no picture came for long. */
  get stopped(): boolean {
    return this.soundMs - Math.max(this.newestMs, this.soundThenMs) > this.stallMs;
  }

  /** Pictures come, and the newest sound would have to wait for its own without end. */
  get neverReachesSound(): boolean {
    return !this.stopped && this.soundMs - this.newestMs > this.stallMs + FURTHEST_MS;
  }

  /** Sound of `ptsMs` came. */
  heard(ptsMs: number): void {
    this.soundMs = Math.max(this.soundMs, ptsMs);
  }

  /** A picture of `startMs` came. Whose timestamps stand has stopped all the same. */
  came(startMs: number): void {
    if (startMs - this.newestMs < LEAST_STEP_MS) return;
    this.newestMs = startMs;
    this.soundThenMs = this.soundMs;
  }

  /** The picture of `startMs` follows on the one before: they are so far apart. */
  followed(startMs: number): void {
    this.learn(startMs - this.newestMs);
  }

  /** A picture came that cannot be shown. */
  missed(): void {
    this.learn(this.soundMs - this.newestMs);
  }

  private learn(intervalMs: number): void {
    if (Number.isFinite(intervalMs))
      this.stallMs = Math.min(Math.max(this.stallMs, intervalMs * FACTOR), this.longestMs);
  }
}
