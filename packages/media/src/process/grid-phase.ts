/** Frames looked back at: two seconds of 30 a second. */
const FRAMES = 60;
/** Frames between two looks. */
const EVERY = 30;
/** A phase must wait this much less to be worth one uneven distance, ms. */
const WORTH_MS = 15;

interface Seen {
  readonly ptsMs: number;
  readonly waitMs: number;
}

/**
 * Where the ticks of an even grid lie between the frames. Encoders place the pictures that wait in the decoder in a pattern
 * (every third, say): an even grid of the same period meets always the ones that wait longest or always those that do not,
 * by chance of its phase. So the phase is moved to the frames that waited least, rarely, because each move makes one
 * distance uneven.
 */
export class GridPhase {
  private seen: Seen[] = [];
  private since = 0;
  private shiftMs = 0;

  /** @param periodMs distance of two ticks */
  constructor(private readonly periodMs: number) {}

  /** Added to tick times, ms; 0 or more and less than the period. */
  get ms(): number {
    return this.shiftMs;
  }

  /** Notes a frame that came out of the decoder. @param intervalMs usual distance of two frames, or null when not known */
  add(ptsMs: number, waitMs: number, intervalMs: number | null): void {
    this.seen.push({ ptsMs, waitMs });
    if (this.seen.length > FRAMES) this.seen.shift();
    this.since += 1;
    if (this.since < EVERY || this.seen.length < EVERY || intervalMs === null || intervalMs >= this.periodMs) return;
    this.since = 0;
    const now = this.meanWait(this.shiftMs, intervalMs);
    let best = { phase: this.shiftMs, wait: now };
    for (const { ptsMs: at } of this.seen.slice(-Math.ceil(this.periodMs / intervalMs) - 1)) {
      const phase = this.residue(at);
      const wait = this.meanWait(phase, intervalMs);
      if (wait < best.wait) best = { phase, wait };
    }
    if (now - best.wait > WORTH_MS) this.shiftMs = best.phase;
  }

  /** What was seen is of another timeline or another pattern. */
  reset(): void {
    this.seen = [];
    this.since = 0;
  }

  /** Mean wait of the frames nearest to the ticks of a phase. */
  private meanWait(phase: number, intervalMs: number): number {
    let [sum, count] = [0, 0];
    for (const { ptsMs, waitMs } of this.seen) {
      const off = this.residue(ptsMs - phase);
      if (Math.min(off, this.periodMs - off) > intervalMs / 2) continue;
      sum += waitMs;
      count += 1;
    }
    return count === 0 ? Number.POSITIVE_INFINITY : sum / count;
  }

  private residue(ms: number): number {
    return ((ms % this.periodMs) + this.periodMs) % this.periodMs;
  }
}
