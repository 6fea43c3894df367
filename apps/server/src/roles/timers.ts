import { describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

/** Work by the clock. */
export interface Timer {
  /** No further turn; resolves when the running one is done. */
  stop(): Promise<void>;
}

/**
 * Runs `work` every `ms`, never two turns at a time: one that is due while the last still runs is left out. A turn that
 * fails is logged, and the next one comes all the same.
 *
 * @param options.now the first turn at once
 */
export function every(
  ms: number,
  log: Logger,
  what: string,
  work: () => Promise<void>,
  options: { readonly now?: boolean } = {},
): Timer {
  let running: Promise<void> | null = null;
  const turn = (): void => {
    running ??= work()
      .catch((error: unknown) =>
        log.error({ what, problem: describeError(error) }, 'regular work failed; it is tried again'),
      )
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(turn, ms);
  if (options.now) turn();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
