/** Durations in ms; see `ProcessLimits`. */
export interface RestartBackoffOptions {
  readonly restartMinMs: number;
  readonly restartMaxMs: number;
  readonly stableMs: number;
  readonly faultsUntilFailed: number;
}

/** How long to wait before a restart: doubles with each fault in a row, forgotten after a stable run. Times are monotonic ms. */
export class RestartBackoff {
  private count = 0;
  private startedAt: number | null = null;

  constructor(private readonly options: RestartBackoffOptions) {}

  /** Faults in a row. */
  get faults(): number {
    return this.count;
  }

  /** Too many faults in a row for a passing trouble. */
  get failed(): boolean {
    return this.count >= this.options.faultsUntilFailed;
  }

  started(now: number): void {
    this.startedAt = now;
  }

  /** Notes a fault and returns the wait before the next start, ms. */
  fault(now: number): number {
    if (this.startedAt !== null && now - this.startedAt >= this.options.stableMs) this.count = 0;
    this.startedAt = null;
    const wait = Math.min(this.options.restartMaxMs, this.options.restartMinMs * 2 ** this.count);
    this.count += 1;
    return wait;
  }

  reset(): void {
    this.count = 0;
    this.startedAt = null;
  }
}
