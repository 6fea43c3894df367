/**
 * The grid of instants at which frames are sampled: tick `n` lies at `n / rate` seconds of the session clock. Media process
 * and server agree on it, so that a frame lost anywhere between them is counted once.
 */
export interface SamplingGrid {
  /** Distance of two ticks, ms. */
  readonly periodMs: number;
  /** The tick nearest to a presentation time, ms. */
  tickOf(ptsMs: number): number;
}

/** @param rate ticks per second, above 0 */
export function samplingGrid(rate: number): SamplingGrid {
  const periodMs = 1000 / rate;
  return { periodMs, tickOf: (ptsMs) => Math.round(ptsMs / periodMs) };
}

/** Most ticks remembered as missed: bounds memory when a source drops for long. */
const MAX_MISSED_TICKS = 4096;

/**
 * Counts the ticks whose frame was lost with the samples that carried it. Several samples lie near one tick, and they come
 * in decode order, so ticks do not come in order either; each tick counts once.
 */
export class MissedTicks {
  private readonly ticks = new Set<number>();

  constructor(private readonly grid: SamplingGrid) {}

  /**
   * Notes a lost sample.
   * @returns 1 when its tick was not noted before, else 0
   */
  note(ptsMs: number): 0 | 1 {
    const tick = this.grid.tickOf(ptsMs);
    if (this.ticks.has(tick)) return 0;
    if (this.ticks.size >= MAX_MISSED_TICKS) this.ticks.delete(this.ticks.values().next().value!);
    this.ticks.add(tick);
    return 1;
  }

  clear(): void {
    this.ticks.clear();
  }
}
