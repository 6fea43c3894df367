/** CPU use is taken over this much, ms. */
const WINDOW_MS = 10_000;

/** CPU time of a process since its start, and its own monotonic clock at that moment, both ms. */
export interface CpuReading {
  readonly cpuMs: number;
  readonly atMs: number;
}

/** How many cores a process uses, by readings of its own clocks: late or irregular readings change nothing. */
export class CpuMeter {
  private readings: CpuReading[] = [];

  add(reading: CpuReading): void {
    this.readings.push(reading);
    // The newest one outside of the window stays: from there on it is measured.
    while (this.readings[1] && this.readings[1].atMs <= reading.atMs - WINDOW_MS) this.readings.shift();
  }

  /** Cores over the last ten seconds; null until there are two readings. */
  get cores(): number | null {
    const first = this.readings[0];
    const last = this.readings.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return null;
    return Math.max(0, last.cpuMs - first.cpuMs) / (last.atMs - first.atMs);
  }
}
