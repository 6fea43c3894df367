import type { DropReason } from '@media-analyzer/protocol';

/** How far back losses count, ms: a hiccup is over soon, and so is the warning about it. */
const WINDOW_MS = 30_000;
/** With fewer sampled frames a share says little. */
const ENOUGH_FRAMES = 20;

/** Losses that a faster machine, a smaller model or a lower rate would spare. */
const BY_SPEED: ReadonlySet<string> = new Set<DropReason>(['superseded', 'deadline', 'link_busy', 'overload']);
/** Losses that lie in what the encoder sends. */
const UNDECODABLE: ReadonlySet<string> = new Set<DropReason>(['undecodable']);

interface Reading {
  readonly at: number;
  readonly sampled: number;
  readonly bySpeed: number;
  readonly undecodable: number;
}

/** Which share of the sampled frames was lost in the last half minute, by what can be done about it. */
export class RecentLosses {
  #readings: Reading[] = [];

  /** Takes the totals of a session, about once a second. @param now Unix ms */
  note(totals: { readonly sampled: number; readonly dropped: Readonly<Record<string, number>> }, now: number): void {
    if (this.#readings.length === 0) this.#readings.push({ at: now, sampled: 0, bySpeed: 0, undecodable: 0 });
    this.#readings.push({
      at: now,
      sampled: totals.sampled,
      bySpeed: sum(totals.dropped, BY_SPEED),
      undecodable: sum(totals.dropped, UNDECODABLE),
    });
    while (this.#readings.length > 2 && this.#readings[1]!.at <= now - WINDOW_MS) this.#readings.shift();
  }

  /** Shares of 0..1; null while there is too little to tell. */
  shares(): { readonly bySpeed: number; readonly undecodable: number } | null {
    const [first, last] = [this.#readings[0], this.#readings.at(-1)];
    if (!first || !last || last.sampled - first.sampled < ENOUGH_FRAMES) return null;
    const sampled = last.sampled - first.sampled;
    return {
      bySpeed: (last.bySpeed - first.bySpeed) / sampled,
      undecodable: (last.undecodable - first.undecodable) / sampled,
    };
  }
}

function sum(dropped: Readonly<Record<string, number>>, reasons: ReadonlySet<string>): number {
  return Object.entries(dropped).reduce((total, [reason, count]) => (reasons.has(reason) ? total + count : total), 0);
}
