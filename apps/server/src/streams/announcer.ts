import { describeError, type Stream } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

/** A description that could not be made is tried again after this long, ms. */
const RETRY_MS = 2000;

export interface AnnouncerOptions {
  /** The stream as it is now; null when there is none (any more). */
  describe(streamId: string): Stream | null | Promise<Stream | null>;
  changed(stream: Stream): void;
  removed(streamId: string): void;
  readonly log: Logger;
}

interface Run {
  /** Something changed since the description was begun. */
  again: boolean;
}

/**
 * Tells of changes to streams: several in one turn as one, an older description never after a newer one, and none of a
 * stream that was removed.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #runs = new Map<string, Run>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** The stream changed: it is described and told after the current turn. */
  announce(streamId: string): void {
    if (this.#closed) return;
    const running = this.#runs.get(streamId);
    if (running) {
      running.again = true;
      return;
    }
    const run: Run = { again: true };
    this.#runs.set(streamId, run);
    queueMicrotask(() => void this.#tell(streamId, run));
  }

  /** The stream is gone; a description that is being made is not told any more. */
  remove(streamId: string): void {
    this.#runs.delete(streamId);
    this.#options.removed(streamId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  async #tell(streamId: string, run: Run): Promise<void> {
    const current = (): boolean => this.#runs.get(streamId) === run;
    while (run.again && current()) {
      run.again = false;
      try {
        const stream = await this.#options.describe(streamId);
        if (stream && current()) this.#options.changed(stream);
      } catch (error) {
        this.#options.log.debug({ streamId, problem: describeError(error) }, 'stream not announced; tried again');
        this.#retry(streamId);
      }
    }
    if (current()) this.#runs.delete(streamId);
  }

  #retry(streamId: string): void {
    if (this.#closed || this.#retries.has(streamId)) return;
    const timer = setTimeout(() => {
      this.#retries.delete(streamId);
      this.announce(streamId);
    }, RETRY_MS);
    this.#retries.set(streamId, timer.unref());
  }
}
