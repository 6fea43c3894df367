import { setTimeout as delay } from 'node:timers/promises';

/** When behind by more than this, the clock is moved instead of sending a burst, ms. Two keyframe intervals. */
const MAX_BEHIND_MS = 2000;

/** Source of time, ms; steady. */
export interface PacerClock {
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The steady clock of this process. */
export const STEADY_CLOCK: PacerClock = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
};

/** Lets samples through at the speed of real time: media time t passes t ms after media time 0. */
export class Pacer {
  private startedAt: number | null = null;

  constructor(
    private readonly signal: AbortSignal,
    private readonly clock: PacerClock = STEADY_CLOCK,
  ) {}

  /**
   * Resolves when the sample with this decode time is due. The first one is due at once.
   * @throws AbortError when the signal says so.
   */
  async until(dtsMs: number): Promise<void> {
    const now = this.clock.now();
    this.startedAt ??= now - dtsMs;
    const waitMs = this.startedAt + dtsMs - now;
    if (waitMs < -MAX_BEHIND_MS) this.startedAt = now - dtsMs;
    // Timers have whole milliseconds: shorter waits would only add up to a delay.
    if (waitMs >= 1) await this.clock.wait(waitMs, this.signal);
    this.signal.throwIfAborted();
  }
}
