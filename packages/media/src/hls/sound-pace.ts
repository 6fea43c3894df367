/** Encoders that send sound in pieces send them no further apart than this, ms. What is away for longer has stopped. */
const LONGEST_PIECE_MS = 1500;
/** So many times the longest time between two pieces. */
const FACTOR = 2;

/**
 * Tells sound that has stopped from sound that is only late, which keeps coming. All times are of the newest picture when
 * something happens, ms: a source that stands still misses nothing.
 */
export class SoundPace {
  private cameMs = Number.NaN;
  private everyMs = 0;

  /** @param patienceMs without sound for this long at least, before it counts as stopped */
  constructor(private readonly patienceMs: number) {}

  /** Sound came; `atMs` is not a number before the first picture. */
  came(atMs: number): void {
    const sinceMs = atMs - this.cameMs;
    if (sinceMs <= LONGEST_PIECE_MS) this.everyMs = Math.max(this.everyMs, sinceMs);
    this.cameMs = atMs;
  }

  /** There was sound, and there is none any more. */
  stopped(atMs: number): boolean {
    return atMs - this.cameMs >= Math.max(this.patienceMs, this.everyMs * FACTOR);
  }

  /** Another source begins: nothing of it is known. */
  reset(): void {
    this.cameMs = Number.NaN;
    this.everyMs = 0;
  }
}
