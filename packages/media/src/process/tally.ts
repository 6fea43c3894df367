import type { DropReason } from '@media-analyzer/protocol';
import type { FromMedia } from '@media-analyzer/protocol/process';

/** Totals since the process started. Every sampled frame ends up sent or dropped. */
export class Tally {
  private decodedCount = 0;
  private sampledCount = 0;
  private sentCount = 0;
  private lossCount = 0;
  private readonly droppedCounts: Partial<Record<DropReason, number>> = {};

  decoded(): void {
    this.decodedCount += 1;
  }

  /** A frame was picked. */
  sampled(): void {
    this.sampledCount += 1;
  }

  sent(): void {
    this.sentCount += 1;
  }

  /** The link to the vision process broke. */
  linkLost(): void {
    this.lossCount += 1;
  }

  /** A frame that was picked got lost on its way. */
  dropped(reason: DropReason): void {
    this.droppedCounts[reason] = (this.droppedCounts[reason] ?? 0) + 1;
  }

  /** A frame that would have been picked was lost before it could be decoded. */
  missed(reason: DropReason): void {
    this.sampled();
    this.dropped(reason);
  }

  message(): Extract<FromMedia, { type: 'counts' }> {
    const { decodedCount: decoded, sampledCount: sampled, sentCount: sent, lossCount: linkLosses } = this;
    return { type: 'counts', decoded, sampled, sent, dropped: { ...this.droppedCounts }, linkLosses };
  }
}
