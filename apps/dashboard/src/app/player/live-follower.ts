/** State of a viewer who wants the live edge, at one moment. */
export interface LivePosition {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Seconds behind where the playlist asks live viewers to be; negative when closer to the edge. */
  readonly behind: number;
  /** The media at that place is loaded, so that a jump there does not stop the picture. */
  readonly loaded: boolean;
}

/** At first a viewer is moved when further behind than this, seconds: a start on a busy machine costs that much. */
const TOLERANCE = 0.7;
/** The most that the tolerance grows to where the network or the machine cannot keep up, seconds. */
const MAX_TOLERANCE = 4;
/** Further behind than this a jump is worth a short stop, seconds: the tab was hidden, the network was gone. */
const FAR_BEHIND = 6;
/** So long someone has to be behind, so that a hiccup does not cause a jump, ms. */
const PATIENCE_MS = 1500;
/** A stall so soon after a jump was caused by it, ms. */
const REGRET_MS = 10_000;
/** After so long without a stall half of what was learnt is forgotten: the network or the machine has become better, ms. */
const FORGET_MS = 60_000;

/**
 * Decides when a live viewer who has fallen behind is moved to the edge: by a jump, because playing faster would bend the sound.
 * A jump that led to a stall was a mistake; the tolerance doubles, and the viewer is left further behind but undisturbed, for
 * as long as it is worth it.
 */
export class LiveFollower {
  private tolerance = TOLERANCE;
  private behindSince: number | null = null;
  private jumpedAt = Number.NEGATIVE_INFINITY;
  private learntAt = Number.NEGATIVE_INFINITY;

  /** @returns whether to jump to the edge now */
  check({ now, behind, loaded }: LivePosition): boolean {
    this.forget(now);
    if (behind <= this.tolerance) {
      this.behindSince = null;
      return false;
    }
    this.behindSince ??= now;
    if (now - this.behindSince < PATIENCE_MS || !(loaded || behind > FAR_BEHIND)) return false;
    this.behindSince = null;
    this.jumpedAt = now;
    return true;
  }

  /** The picture stopped for want of data. */
  stalled(now: number): void {
    this.behindSince = null;
    if (now - this.jumpedAt > REGRET_MS) return;
    this.jumpedAt = Number.NEGATIVE_INFINITY;
    this.tolerance = Math.min(MAX_TOLERANCE, this.tolerance * 2);
    this.learntAt = now;
  }

  /** Playback was interrupted and is back. Stalls until then were the interruption's, and say nothing about the distance. */
  recovered(): void {
    this.tolerance = TOLERANCE;
    this.behindSince = null;
    this.jumpedAt = Number.NEGATIVE_INFINITY;
  }

  /** The viewer is elsewhere on purpose. */
  rest(): void {
    this.behindSince = null;
  }

  private forget(now: number): void {
    if (this.tolerance === TOLERANCE || now - this.learntAt < FORGET_MS) return;
    this.tolerance = Math.max(TOLERANCE, this.tolerance / 2);
    this.learntAt = now;
  }
}
