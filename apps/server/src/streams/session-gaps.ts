import type { Gap } from '@media-analyzer/protocol';

/** Gaps of one session that are kept and recorded; a source that breaks more often has none worth listing. */
const MAX_GAPS = 1000;
/** Segments whose ends lie this near to each other touch, ms: times are rounded to ticks. */
const TOUCHES_MS = 50;

/**
 * The stretches of a session without media. Segments that were lost one after the other are one gap, recorded when it is
 * over: an hour of a full disk is one line, not 1800.
 */
export class SessionGaps {
  readonly #record: (gap: Gap) => void;
  readonly #closed: Gap[] = [];
  /** Segments lost up to now. */
  #growing: Gap | null = null;
  #left = 0;

  /** @param record called once for each gap, when its end is known */
  constructor(record: (gap: Gap) => void) {
    this.#record = record;
  }

  /** In order of time, the one that still grows included. */
  get all(): Gap[] {
    const gaps = this.#growing ? [...this.#closed, this.#growing] : [...this.#closed];
    return gaps.sort((a, b) => a.fromMs - b.fromMs);
  }

  /** Gaps that were left out because there are too many. */
  get leftOut(): number {
    return this.#left;
  }

  add(gap: Gap): void {
    if (this.#closed.length >= MAX_GAPS) {
      this.#left += 1;
      return;
    }
    this.#closed.push(gap);
    this.#record(gap);
  }

  /** A segment could not be stored. */
  lost(fromMs: number, toMs: number): void {
    if (this.#growing && Math.abs(fromMs - this.#growing.toMs) > TOUCHES_MS) this.settle();
    this.#growing = { fromMs: this.#growing?.fromMs ?? fromMs, toMs, reason: 'storage_full' };
  }

  /** Storing works again, or the session is over. */
  settle(): void {
    const gap = this.#growing;
    this.#growing = null;
    if (gap) this.add(gap);
  }
}
