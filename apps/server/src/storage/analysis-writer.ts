import { once } from 'node:events';
import { type Analysis, describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import type { AppendResult } from './analysis-repository.js';
import { isTransient } from './errors.js';

/** What the writer needs of `AnalysisRepository`. */
export interface AnalysisSink {
  append(batch: readonly Analysis[]): Promise<AppendResult>;
}

export interface AnalysisWriterOptions {
  readonly sink: AnalysisSink;
  readonly log: Logger;
  /** A batch is written this long after its first analysis, ms. Default 500: two transactions a second at any rate. */
  readonly intervalMs?: number;
  /** …or as soon as so many wait. Default 200: ten streams write as often as one does. */
  readonly batchSize?: number;
  /** Analyses that wait at most; then the oldest go. Default 6000: a minute without database for ten streams at 10/s. */
  readonly capacity?: number;
  /** First and longest wait between tries when the database is away, ms. Default 250 and 5000. */
  readonly retry?: { readonly firstMs: number; readonly longestMs: number };
}

/** Totals since the writer was made. */
export interface AnalysisWriterCounts {
  /** Not written yet. */
  readonly waiting: number;
  readonly written: number;
  /** Not written, because the frame has a final analysis already, or a newer one in the same batch. */
  readonly outranked: number;
  readonly dropped: {
    /** The database was away or slow for longer than the capacity covers. */
    readonly overflow: number;
    /** Their session was removed. */
    readonly orphaned: number;
    /** The database refuses them by themselves. */
    readonly refused: number;
    /** The database was away when the writer was closed. */
    readonly closed: number;
  };
  readonly transactions: number;
  readonly failedTries: number;
}

const CLOSE_DEADLINE_MS = 5000;

/**
 * Writes analyses in batches. `append` never waits and never throws: when the database is away the writer tries again, keeps
 * the newest `capacity` analyses, and counts what it had to let go.
 */
export class AnalysisWriter {
  private readonly sink: AnalysisSink;
  private readonly log: Logger;
  private readonly options: Required<Omit<AnalysisWriterOptions, 'sink' | 'log'>>;
  private waiting: Analysis[] = [];
  private inFlight = 0;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private closed = false;
  private readonly giveUp = new AbortController();
  /** Analyses that were dropped since the last line of the log about it. */
  private unreported = 0;
  private readonly count = {
    written: 0,
    outranked: 0,
    overflow: 0,
    orphaned: 0,
    refused: 0,
    closed: 0,
    transactions: 0,
    failedTries: 0,
  };

  constructor({ sink, log, ...options }: AnalysisWriterOptions) {
    this.sink = sink;
    this.log = log;
    this.options = {
      intervalMs: 500,
      batchSize: 200,
      capacity: 6000,
      retry: { firstMs: 250, longestMs: 5000 },
      ...options,
    };
  }

  append(analysis: Analysis): void {
    if (this.closed) {
      this.count.closed++;
      return;
    }
    this.waiting.push(analysis);
    this.trim();
    if (this.running) return;
    if (this.waiting.length >= this.options.batchSize) this.start();
    else this.timer ??= setTimeout(() => this.start(), this.options.intervalMs);
  }

  /** Writes what waits now. Resolves when it is written, or dropped and counted; does not reject. */
  async flush(): Promise<void> {
    while (this.waiting.length > 0 || this.running) {
      this.start();
      await this.running;
    }
  }

  /** Writes what waits, for at most `deadlineMs` (default 5 s), and counts the rest as dropped. */
  async close({ deadlineMs = CLOSE_DEADLINE_MS }: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.closed = true;
    const deadline = setTimeout(() => this.giveUp.abort(), deadlineMs);
    // A statement that hangs must not hold the server's end: the deadline ends the wait, whatever it waits for.
    await Promise.race([this.flush(), once(this.giveUp.signal, 'abort')]);
    clearTimeout(deadline);
    const lost = this.waiting.length + this.inFlight;
    if (lost === 0) return;
    this.count.closed += lost;
    this.waiting = [];
    this.inFlight = 0;
    this.log.error({ analyses: lost }, 'analyses not written: the database was away at the end');
  }

  counts(): AnalysisWriterCounts {
    const { written, outranked, transactions, failedTries, overflow, orphaned, refused, closed } = this.count;
    const waiting = this.waiting.length + this.inFlight;
    return { waiting, written, outranked, dropped: { overflow, orphaned, refused, closed }, transactions, failedTries };
  }

  private start(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.running ??= this.run().finally(() => {
      this.running = null;
      // What came while the last batch was written waits for its own interval.
      if (this.waiting.length > 0 && !this.closed)
        this.timer ??= setTimeout(() => this.start(), this.options.intervalMs);
    });
  }

  /** Writes batch after batch until what is left came too late to fill one. While the database is away it does not return. */
  private async run(): Promise<void> {
    const { batchSize, retry } = this.options;
    let retryMs = retry.firstMs;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, batchSize);
      this.inFlight = batch.length;
      const unwritten = await this.write(batch);
      if (this.giveUp.signal.aborted) return;
      this.inFlight = 0;
      if (unwritten.length > 0) {
        // Back to the front, so that they are the first to go when the bound is reached.
        this.waiting = [...unwritten, ...this.waiting];
        this.trim();
        if (!(await this.pause(retryMs))) return;
        retryMs = Math.min(retryMs * 2, retry.longestMs);
        continue;
      }
      retryMs = retry.firstMs;
      this.report();
      if (this.waiting.length < batchSize) return;
    }
  }

  /** Returns what is to be tried again, because the database is away. */
  private async write(batch: readonly Analysis[]): Promise<readonly Analysis[]> {
    try {
      const { written, orphaned } = await this.sink.append(batch);
      this.count.transactions++;
      this.count.written += written;
      this.count.orphaned += orphaned;
      this.count.outranked += batch.length - written - orphaned;
      return [];
    } catch (error) {
      this.count.failedTries++;
      return isTransient(error) ? batch : this.writeHalves(batch, error);
    }
  }

  /** One analysis that the database refuses must not take its whole batch with it: halve until it stands alone. */
  private async writeHalves(batch: readonly Analysis[], error: unknown): Promise<readonly Analysis[]> {
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      const first = await this.write(batch.slice(0, middle));
      const second = batch.slice(middle);
      return first.length > 0 ? [...first, ...second] : this.write(second);
    }
    const { sessionId, ptsMs } = batch[0]!;
    this.count.refused++;
    this.log.error({ sessionId, ptsMs, problem: describeError(error) }, 'analysis refused by the database');
    return [];
  }

  /** False when the writer's time is over. */
  private pause(ms: number): Promise<boolean> {
    const { signal } = this.giveUp;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve(!signal.aborted);
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  private trim(): void {
    const surplus = this.waiting.length + this.inFlight - this.options.capacity;
    if (surplus <= 0) return;
    const dropped = this.waiting.splice(0, surplus).length;
    this.count.overflow += dropped;
    if (this.unreported === 0)
      this.log.warn({ capacity: this.options.capacity }, 'analyses are dropped: the database does not take them');
    this.unreported += dropped;
  }

  /** One line when the database takes analyses again, however many were dropped. */
  private report(): void {
    if (this.unreported === 0) return;
    this.log.warn({ dropped: this.unreported }, 'the database takes analyses again');
    this.unreported = 0;
  }
}
