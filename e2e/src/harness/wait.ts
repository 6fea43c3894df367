import { setTimeout as delay } from 'node:timers/promises';

/** How long to go on asking, and how the wait is called when it fails. */
export interface WaitOptions {
  /** What is waited for, as it stands in the error: `no picture after 10000 ms`. */
  readonly what: string;
  readonly withinMs: number;
  /** Pause between two questions, ms. */
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither null, undefined nor false, and returns it. What the question throws counts as "not
 * yet" and stands in the error if nothing better came.
 *
 * @throws Error when the time has passed.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  { what, withinMs, everyMs = 50 }: WaitOptions,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + withinMs;
  let last = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) {
        return answer as Exclude<T, null | undefined | false>;
      }
      last = '';
    } catch (error) {
      last = error instanceof Error ? ` (${error.message})` : ` (${String(error)})`;
    }
    if (Date.now() >= deadline) throw new Error(`no ${what} within ${withinMs} ms${last}`);
    await delay(everyMs);
  }
}

/** Rejects with the name of what was waited for when `promise` takes longer. */
export async function within<T>(promise: Promise<T>, { what, withinMs }: WaitOptions): Promise<T> {
  const timer = new AbortController();
  const late = delay(withinMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`no ${what} within ${withinMs} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
