import type { LoadReading } from './adaptive-rate.js';

interface Totals {
  readonly analysed: number;
  readonly lost: number;
}

/** Makes readings of the load out of totals of sessions that come and go. */
export class LoadMeter {
  readonly #before = new Map<string, Totals>();
  #busyMs = 0;
  #lastCompletedAt = 0;

  /** The models computed. Frames of one batch were computed together, and each says how long all of it took. */
  computed(completedAt: number, inferenceMs: number): void {
    if (completedAt === this.#lastCompletedAt) return;
    this.#lastCompletedAt = completedAt;
    this.#busyMs += inferenceMs;
  }

  /** What happened since the last reading. @param at Unix ms */
  read(sessions: ReadonlyMap<string, { readonly load: Totals }>, at: number): LoadReading {
    let [analysed, lost] = [0, 0];
    for (const [id, { load }] of sessions) {
      const before = this.#before.get(id) ?? { analysed: 0, lost: 0 };
      analysed += load.analysed - before.analysed;
      lost += load.lost - before.lost;
      this.#before.set(id, load);
    }
    for (const id of this.#before.keys()) if (!sessions.has(id)) this.#before.delete(id);
    const busyMs = this.#busyMs;
    this.#busyMs = 0;
    return { at, analysed, lost, busyMs };
  }
}
