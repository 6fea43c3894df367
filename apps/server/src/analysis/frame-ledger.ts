import type { DropReason } from '@media-analyzer/protocol';

/** What the decoder knows of a session's frames; told about once a second. */
export interface DecoderCounts {
  readonly sampled: number;
  /** Handed to the vision process. */
  readonly sent: number;
  /** Not handed over, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Times that the link to the vision process broke. */
  readonly linkLosses: number;
}

/** What became of a session's frames. What is neither analysed nor dropped is under way. */
export interface FrameTotals {
  readonly sampled: number;
  readonly analysed: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** What a vision process said before it ended has arrived after this long, ms. */
const LAST_WORDS_MS = 500;

/**
 * Brings together what three processes count at different times: the decoder once a second, results at once, drops of the
 * vision process twice a second. At all times `analysed + dropped <= sampled`, and no number goes back: a frame whose result
 * is here was sampled, whether the decoder has said so yet or not.
 */
export class FrameLedger {
  readonly #decoder: () => DecoderCounts;
  readonly #now: () => number;
  readonly #droppedByVision: Record<string, number> = {};
  #analysed = 0;
  #sampled = 0;
  /** Sent frames of which the end is known: answered, dropped by the vision process, or gone with it. */
  #settled = 0;
  #linkLosses = 0;
  /** The vision process went away: what was sent up to then and is not settled soon is lost. */
  #loss: { readonly sent: number; readonly at: number } | null = null;

  /** @param now monotonic or Unix, ms */
  constructor(decoder: () => DecoderCounts, now: () => number = Date.now) {
    this.#decoder = decoder;
    this.#now = now;
  }

  analysed(): void {
    this.#analysed += 1;
    this.#settled += 1;
  }

  /** The vision process let frames go. */
  dropped(reason: DropReason | string, count: number): void {
    this.#droppedByVision[reason] = (this.#droppedByVision[reason] ?? 0) + count;
    this.#settled += count;
  }

  totals(): FrameTotals {
    const counts = this.#decoder();
    this.#settleLosses(counts);
    const dropped: Record<string, number> = { ...counts.dropped };
    for (const [reason, count] of Object.entries(this.#droppedByVision))
      dropped[reason] = (dropped[reason] ?? 0) + count;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    this.#sampled = Math.max(this.#sampled, counts.sampled, this.#analysed + lost);
    return { sampled: this.#sampled, analysed: this.#analysed, dropped };
  }

  #settleLosses({ sent, linkLosses }: DecoderCounts): void {
    if (linkLosses > this.#linkLosses) {
      this.#linkLosses = linkLosses;
      this.#loss = { sent, at: this.#now() };
    }
    if (!this.#loss || this.#now() - this.#loss.at < LAST_WORDS_MS) return;
    const lost = this.#loss.sent - this.#settled;
    this.#loss = null;
    if (lost > 0) this.dropped('vision_down', lost);
  }
}
