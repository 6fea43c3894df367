import { describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

/** Collects what has to be closed, and closes it in reverse: what was opened last rests on what was opened before. */
export class Closing {
  readonly #steps: { readonly what: string; readonly close: () => unknown }[] = [];
  readonly #log: Logger;
  #running: Promise<void> | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param close may return a promise; the next step waits for it */
  add(what: string, close: () => unknown): void {
    this.#steps.push({ what, close });
  }

  /** Closes everything once. A part that cannot be closed does not keep the others open. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#closeAll();
    return this.#running;
  }

  async #closeAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        this.#log.error({ what: step.what, problem: describeError(error) }, 'could not be closed cleanly');
      }
    }
  }
}
