import type { LinkFrame } from '@media-analyzer/protocol/process';

/** Why a frame was not analysed. */
export type VisionDropReason = 'superseded' | 'deadline' | 'wrong_size';

export interface MailboxOptions {
  /** A frame that waited longer than this is dropped, ms. */
  readonly deadlineMs: number;
  /** Monotonic time, ms. */
  readonly now: () => number;
  readonly onDrop: (sessionId: string, reason: VisionDropReason) => void;
}

/** Sessions whose turn is remembered; one that is forgotten is served a little early. */
const MAX_REMEMBERED = 1024;

interface Slot {
  frame: LinkFrame;
  readonly arrivedAt: number;
}

/**
 * Frames that wait for the model: of each session only the newest one, so that latency stays flat however many come. Sessions
 * take turns: the one served longest ago is next. Waiting time counts from arrival here, on this process's own clock.
 */
export class FrameMailbox {
  private readonly slots = new Map<string, Slot>();
  /** When each session was last served, longest ago first; one that never was comes before all others. */
  private readonly served = new Map<string, number>();
  private turn = 0;

  constructor(private readonly options: MailboxOptions) {}

  get size(): number {
    return this.slots.size;
  }

  put(frame: LinkFrame): void {
    if (this.slots.delete(frame.sessionId)) this.options.onDrop(frame.sessionId, 'superseded');
    this.slots.set(frame.sessionId, { frame, arrivedAt: this.options.now() });
  }

  /** Up to `limit` frames, each of another session. */
  take(limit: number): LinkFrame[] {
    this.dropLate();
    const turns = [...this.slots.keys()].sort((a, b) => (this.served.get(a) ?? -1) - (this.served.get(b) ?? -1));
    return turns.slice(0, limit).map((sessionId) => {
      const { frame } = this.slots.get(sessionId)!;
      this.slots.delete(sessionId);
      this.noteServed(sessionId);
      return frame;
    });
  }

  /** Drops all that waits, for one reason. */
  clear(reason: VisionDropReason): void {
    for (const sessionId of this.slots.keys()) this.options.onDrop(sessionId, reason);
    this.slots.clear();
  }

  /** Forgets a session that ended; its waiting frame goes uncounted, since nobody asks for it any more. */
  forget(sessionId: string): void {
    this.slots.delete(sessionId);
    this.served.delete(sessionId);
  }

  private noteServed(sessionId: string): void {
    this.served.delete(sessionId);
    this.served.set(sessionId, this.turn++);
    if (this.served.size <= MAX_REMEMBERED) return;
    for (const longestAgo of this.served.keys()) {
      this.served.delete(longestAgo);
      break;
    }
  }

  private dropLate(): void {
    const oldest = this.options.now() - this.options.deadlineMs;
    for (const [sessionId, slot] of this.slots) {
      if (slot.arrivedAt >= oldest) continue;
      this.slots.delete(sessionId);
      this.options.onDrop(sessionId, 'deadline');
    }
  }
}
