/** Encoders that send sound in pieces send them no further apart than this, ms. What is away for longer has stopped. */
const LONGEST_PIECE_MS = 1500;
/** So many times the longest time between two pieces. */
const FACTOR = 2;
/** Shorter than any frame of sound, ms: what is not this much later than all before it gets no further. */
const LEAST_STEP_MS = 1;
/** Sound this far behind the picture is not late but of another clock, ms: no player waits for it for so long. */
const LATEST_MS = 10_000;

/**
 * Tells sound that has stopped from sound that is only late, which keeps coming and getting further. Sound whose timestamps
 * stand, or fall behind without end, comes for ever and is never there when its picture is: it counts as stopped. `atMs` is
 * the time of the newest picture when something happens: a source that stands still misses nothing.
 */
export class SoundPace {
  private cameMs = Number.NaN;
  private everyMs = 0;
  private newestMs = Number.NEGATIVE_INFINITY;

  /** @param patienceMs without sound for this long at least, before it counts as stopped */
  constructor(private readonly patienceMs: number) {}

  /** Sound of `ptsMs` came; `atMs` is not a number before the first picture. */
  came(ptsMs: number, atMs: number): void {
    const stepMs = ptsMs - this.newestMs;
    this.newestMs = Math.max(this.newestMs, ptsMs);
    if (stepMs < LEAST_STEP_MS) return;
    const sinceMs = atMs - this.cameMs;
    if (sinceMs <= LONGEST_PIECE_MS) this.everyMs = Math.max(this.everyMs, sinceMs);
    this.cameMs = atMs;
  }

  /** There was sound, and there is none any more. */
  stopped(atMs: number): boolean {
    if (atMs - this.cameMs >= Math.max(this.patienceMs, this.everyMs * FACTOR)) return true;
    return Number.isFinite(this.newestMs) && atMs - this.newestMs > LATEST_MS;
  }

  /** Another source begins: nothing of it is known. */
  reset(): void {
    this.cameMs = Number.NaN;
    this.everyMs = 0;
    this.newestMs = Number.NEGATIVE_INFINITY;
  }
}
