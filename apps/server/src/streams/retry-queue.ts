import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

/** Waits between tries while the database is away, ms: the first, doubled each time up to the longest. */
const RETRY = { firstMs: 250, longestMs: 5000 } as const;
/** Jobs that wait at most: an hour of segments, tracks and gaps of one session. */
const CAPACITY = 4000;
/** A job that the database refuses is tried this often: two transactions may have met in a deadlock. */
const REFUSALS = 3;

export interface RetryQueueOptions {
  readonly log: Logger;
  /** Jobs that wait at most; further ones are dropped and counted. */
  readonly capacity?: number;
  /** Waits between tries, ms. */
  readonly retry?: { readonly firstMs: number; readonly longestMs: number };
}

interface Job {
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Writes to the database in order, one at a time, and tries again while the database is away: media that are stored must
 * not lose their record because of a short outage.
 */
export class RetryQueue {
  readonly #options: Required<RetryQueueOptions>;
  readonly #jobs: Job[] = [];
  readonly #giveUp = new AbortController();
  readonly #givenUp: Promise<never>;
  #running: Promise<void> | null = null;
  #closed = false;
  #dropped = 0;
  #overflowing = false;

  constructor(options: RetryQueueOptions) {
    this.#options = { capacity: CAPACITY, retry: RETRY, ...options };
    const { signal } = this.#giveUp;
    this.#givenUp = new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    this.#givenUp.catch(() => {});
  }

  /** Jobs that were not done: the queue was full or closed, the database refused them, or the deadline of `close` passed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Jobs not done yet. */
  get waiting(): number {
    return this.#jobs.length;
  }

  add(what: string, run: () => Promise<unknown>): void {
    if (this.#closed || this.#jobs.length >= this.#options.capacity) {
      this.#dropped += 1;
      if (!this.#overflowing) this.#options.log.error({ what }, 'records are lost: too many wait for the database');
      this.#overflowing = true;
      return;
    }
    this.#overflowing = false;
    this.#jobs.push({ what, run });
    this.#running ??= this.#work();
  }

  /**
   * Takes no more jobs and resolves when those there are done. After `deadlineMs` (null: none) what is left is dropped and
   * counted. May be called again with a nearer deadline.
   */
  async close(deadlineMs: number | null): Promise<void> {
    this.#closed = true;
    const deadline = deadlineMs === null ? undefined : setTimeout(() => this.#giveUp.abort(), deadlineMs);
    await this.#running;
    clearTimeout(deadline);
  }

  async #work(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if (!(await this.#tried(job))) break;
      this.#jobs.shift();
    }
    if (this.#jobs.length > 0) {
      this.#options.log.error(
        { records: this.#jobs.length },
        'records are lost: the database did not take them in time',
      );
      this.#dropped += this.#jobs.length;
      this.#jobs.length = 0;
    }
    this.#running = null;
  }

  /** False when there is no more time. */
  async #tried(job: Job): Promise<boolean> {
    let waitMs = this.#options.retry.firstMs;
    let refusals = 0;
    for (;;) {
      try {
        await Promise.race([job.run(), this.#givenUp]);
        return true;
      } catch (error) {
        if (this.#giveUp.signal.aborted) return false;
        const away = error instanceof CodedError && error.code === 'database_unreachable';
        if (!away && ++refusals === REFUSALS) {
          this.#dropped += 1;
          this.#options.log.error({ what: job.what, problem: describeError(error) }, 'record refused by the database');
          return true;
        }
        await sleep(waitMs, undefined, { signal: this.#giveUp.signal }).catch(() => {});
        waitMs = Math.min(waitMs * 2, this.#options.retry.longestMs);
      }
    }
  }
}
