import type { LatencySummary } from '@media-analyzer/protocol';

/** Values older than this do not count, ms. */
const WINDOW_MS = 60_000;
/** Values kept at most: a minute at 50 per second. */
const CAPACITY = 3000;
/** The rate is taken over this much, ms. */
const RATE_MS = 5000;
/** Shortest time that a rate is taken over: a first value says nothing of a rate, ms. */
const LEAST_RATE_MS = 1000;
/** Without a new value for this many of the last distances between two, nothing flows any more. */
const SILENT_DISTANCES = 3;

/** The values of the last minute, for percentiles and a rate. */
export class RecentValues {
  readonly #now: () => number;
  readonly #since: number;
  #values: { readonly at: number; readonly value: number }[] = [];

  /** @param now Unix ms */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  add(value: number): void {
    this.#values.push({ at: this.#now(), value });
    if (this.#values.length > CAPACITY) this.#forget();
  }

  /** Null when there were none, or when none come any more. Percentiles by nearest rank. */
  summary(): LatencySummary | null {
    this.#forget();
    if (this.#silent()) return null;
    const sorted = this.#values.map(({ value }) => value).sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const rank = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
    return { p50: rank(0.5), p95: rank(0.95), count: sorted.length };
  }

  /** Values per second over the last five seconds, or since the beginning if that is less. */
  rate(): number {
    const now = this.#now();
    const overMs = Math.min(RATE_MS, Math.max(LEAST_RATE_MS, now - this.#since));
    const since = now - overMs;
    let count = 0;
    for (let index = this.#values.length - 1; index >= 0 && this.#values[index]!.at >= since; index--) count += 1;
    return Math.round((count * 10_000) / overMs) / 10;
  }

  #silent(): boolean {
    const [before, last] = [this.#values.at(-2), this.#values.at(-1)];
    if (!last) return true;
    const usual = before ? last.at - before.at : 0;
    return this.#now() - last.at > Math.max(RATE_MS, SILENT_DISTANCES * usual);
  }

  #forget(): void {
    const since = this.#now() - WINDOW_MS;
    const first = this.#values.findIndex(({ at }) => at >= since);
    this.#values = first < 0 ? [] : this.#values.slice(Math.max(first, this.#values.length - CAPACITY));
  }
}
