import type { VisionDropReason } from './mailbox.js';

/** Frames of one session not analysed for one reason, since the last report. */
export interface DropReport {
  readonly sessionId: string;
  readonly reason: VisionDropReason;
  readonly count: number;
}

/** Collects drops and reports them in sums, so that overload does not turn into a flood of messages. */
export class DropCounter {
  private readonly counts = new Map<string, Map<VisionDropReason, number>>();
  private timer: NodeJS.Timeout | null = null;

  /** @param everyMs shortest time between two reports, ms. */
  constructor(
    private readonly report: (drop: DropReport) => void,
    private readonly everyMs = 500,
  ) {}

  add(sessionId: string, reason: VisionDropReason): void {
    const ofSession = this.counts.get(sessionId) ?? new Map<VisionDropReason, number>();
    ofSession.set(reason, (ofSession.get(reason) ?? 0) + 1);
    this.counts.set(sessionId, ofSession);
    this.timer ??= setTimeout(() => this.flush(), this.everyMs);
  }

  /** Reports what is left. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const [sessionId, reasons] of this.counts) {
      for (const [reason, count] of reasons) this.report({ sessionId, reason, count });
    }
    this.counts.clear();
  }
}
