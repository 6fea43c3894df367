import type { LatencySummary } from '@media-analyzer/protocol';

/** Values older than this do not count, ms. */
const WINDOW_MS = 60_000;
/** Values kept at most: a minute at 50 per second. */
const CAPACITY = 3000;
/** The rate is taken over this much, ms. */
const RATE_MS = 5000;

/** The values of the last minute, for percentiles and a rate. */
export class RecentValues {
  readonly #now: () => number;
  #values: { readonly at: number; readonly value: number }[] = [];

  /** @param now Unix ms */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(value: number): void {
    this.#values.push({ at: this.#now(), value });
    if (this.#values.length > CAPACITY) this.#forget();
  }

  /** Null when there were none. Percentiles by nearest rank. */
  summary(): LatencySummary | null {
    this.#forget();
    const sorted = this.#values.map(({ value }) => value).sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const rank = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
    return { p50: rank(0.5), p95: rank(0.95), count: sorted.length };
  }

  /** Values per second over the last five seconds. */
  rate(): number {
    const since = this.#now() - RATE_MS;
    let count = 0;
    for (let index = this.#values.length - 1; index >= 0 && this.#values[index]!.at >= since; index--) count += 1;
    return Math.round((count * 10_000) / RATE_MS) / 10;
  }

  #forget(): void {
    const since = this.#now() - WINDOW_MS;
    const first = this.#values.findIndex(({ at }) => at >= since);
    this.#values = first < 0 ? [] : this.#values.slice(Math.max(first, this.#values.length - CAPACITY));
  }
}
