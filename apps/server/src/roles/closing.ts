import { describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

/** Collects what has to be closed, and closes it in reverse: what was opened last rests on what was opened before. */
export class Closing {
  private readonly steps: { readonly what: string; readonly close: () => unknown }[] = [];

  constructor(private readonly log: Logger) {}

  add(what: string, close: () => unknown): void {
    this.steps.push({ what, close });
  }

  /** One part that cannot be closed does not keep the others open. */
  async run(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        this.log.error({ what: step.what, problem: describeError(error) }, 'could not be closed cleanly');
      }
    }
  }
}
