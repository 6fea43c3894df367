import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

export interface RetryQueueOptions {
  readonly log: Logger;
  /** Jobs that wait at most; further ones are dropped and counted. An hour of segments, tracks and gaps of one session. */
  readonly capacity?: number;
}

/**
 * Writes to the database in order, one at a time, and tries again while the database is away: media that are stored must
 * not lose their record because of a short outage.
 */
export class RetryQueue {
  private readonly jobs: { readonly what: string; readonly run: () => Promise<unknown> }[] = [];
  private running: Promise<void> | null = null;
  private readonly giveUp = new AbortController();
  private lost = 0;

  constructor(private readonly options: RetryQueueOptions) {}

  /** Jobs dropped because the queue was full, refused, or not done at the end. */
  get dropped(): number {
    return this.lost;
  }

  add(what: string, run: () => Promise<unknown>): void {
    if (this.giveUp.signal.aborted || this.jobs.length >= (this.options.capacity ?? 4000)) {
      this.lost += 1;
      if (this.lost === 1) this.options.log.error({ what }, 'records are lost: the database does not take them');
      return;
    }
    this.jobs.push({ what, run });
    this.running ??= this.work().finally(() => {
      this.running = null;
    });
  }

  /** Resolves when everything is written, or after `deadlineMs`, with the rest dropped and counted. */
  async close(deadlineMs: number): Promise<void> {
    const deadline = setTimeout(() => this.giveUp.abort(), deadlineMs);
    await this.running;
    clearTimeout(deadline);
    this.giveUp.abort();
  }

  private async work(): Promise<void> {
    let waitMs = FIRST_RETRY_MS;
    for (let job = this.jobs[0]; job !== undefined; job = this.jobs[0]) {
      try {
        await job.run();
        waitMs = FIRST_RETRY_MS;
        this.jobs.shift();
      } catch (error) {
        const away = error instanceof CodedError && error.code === 'database_unreachable';
        if (!away) {
          this.lost += 1;
          this.jobs.shift();
          this.options.log.error({ what: job.what, problem: describeError(error) }, 'record refused by the database');
          continue;
        }
        const more = await sleep(waitMs, true, { signal: this.giveUp.signal }).catch(() => false);
        if (!more) {
          this.lost += this.jobs.length;
          this.options.log.error({ records: this.jobs.length }, 'records lost: the database was away at the end');
          this.jobs.length = 0;
          return;
        }
        waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS);
      }
    }
  }
}
