/** What happened to the frames of all sessions since the last reading. */
export interface LoadReading {
  /** Monotonic or Unix, ms. */
  readonly at: number;
  readonly analysed: number;
  /** Sampled frames that were lost because the models could not keep up. */
  readonly lost: number;
  /** Time that the models computed, ms. */
  readonly busyMs: number;
}

/** Parts of the wanted rates, from all of it to the least. Each step takes about a fifth to a third off. */
const STEPS = [1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1] as const;
/** No session is analysed less often than this, unless less is wanted, analyses/s: boxes would come too rarely to be of use. */
const LEAST_RATE = 1;
/** Losing more than this share means that the models cannot keep up. */
const TOO_MUCH = 0.1;
/** Losing no more than this is no loss: single frames are late for many reasons. */
const NEXT_TO_NOTHING = 0.02;
/** Fewer frames than this say nothing. */
const ENOUGH_FRAMES = 3;
/** Readings in a row that must say so: a garbage collection is no overload. */
const READINGS = 2;
/** Share of the time that the models may compute for the next faster step to be tried. */
const ROOM = 0.85;
/** A step up is tried after this long without losses, ms. */
const FIRST_WAIT_MS = 10_000;
/** Each trial that failed doubles the wait, up to this, ms: a machine that is just too slow is not tried for ever. */
const LONGEST_WAIT_MS = 160_000;
/** A step up that lasts longer than this was right, ms. */
const TRIAL_MS = 20_000;

/**
 * How much of the wanted analysis rates is in force on a machine that may be too slow for them. Dropping frames at random
 * keeps latency flat too, but at uneven distances, and decoding and scaling what is dropped costs the time that is missing. So
 * the rate falls in steps when frames are lost, at once as far as the losses say, and rises one step at a time when there is
 * room. One for all sessions of a vision process: each keeps the same part of what it wants.
 */
export class AdaptiveRate {
  #step = 0;
  #overloaded = 0;
  #lastAt: number | null = null;
  #quietSince: number | null = null;
  /** A step up that has not yet proved itself. */
  #raisedAt: number | null = null;
  #waitMs = FIRST_WAIT_MS;

  /** The rate in force for a session that wants this many analyses a second. */
  rateOf(wanted: number): number {
    const part = wanted * STEPS[this.#step]!;
    return Math.max(Math.min(wanted, LEAST_RATE), Math.round(part * 100) / 100);
  }

  /** Takes a reading, about one a second. @returns whether the rates changed */
  update({ at, analysed, lost, busyMs }: LoadReading): boolean {
    const elapsed = this.#lastAt === null ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    const offered = analysed + lost;
    const loss = offered === 0 ? 0 : lost / offered;
    this.#overloaded = offered >= ENOUGH_FRAMES && loss > TOO_MUCH ? this.#overloaded + 1 : 0;
    if (this.#overloaded >= READINGS) return this.#lower(loss);
    if (loss > NEXT_TO_NOTHING || elapsed <= 0) {
      this.#quietSince = null;
      return false;
    }
    this.#quietSince ??= at;
    return this.#raise(at, busyMs / elapsed);
  }

  /** Nobody is analysed any more: what was learnt of the load is void. */
  reset(): void {
    this.#step = 0;
    this.#overloaded = 0;
    this.#lastAt = null;
    this.#quietSince = null;
    this.#raisedAt = null;
    this.#waitMs = FIRST_WAIT_MS;
  }

  #lower(loss: number): boolean {
    this.#overloaded = 0;
    this.#quietSince = null;
    if (this.#step === STEPS.length - 1) return false;
    const reached = STEPS[this.#step]! * (1 - loss);
    const fits = STEPS.findIndex((part, step) => step > this.#step && part <= reached);
    if (this.#raisedAt !== null) this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    this.#raisedAt = null;
    this.#step = fits < 0 ? STEPS.length - 1 : fits;
    return true;
  }

  #raise(at: number, busy: number): boolean {
    if (this.#raisedAt !== null && at - this.#raisedAt > TRIAL_MS) {
      this.#raisedAt = null;
      this.#waitMs = FIRST_WAIT_MS;
    }
    if (this.#step === 0 || this.#quietSince === null) return false;
    const then = busy * (STEPS[this.#step - 1]! / STEPS[this.#step]!);
    if (at - this.#quietSince < this.#waitMs || then > ROOM) return false;
    this.#step -= 1;
    this.#raisedAt = at;
    this.#quietSince = at;
    return true;
  }
}
