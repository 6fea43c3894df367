import type { Analysis } from '@media-analyzer/protocol';
import type { FrameClock } from '../overlay/frame-clock';

/** What the age of a picture is made of. */
export interface PictureAgeOptions {
  /** Unix ms by the server's clock. */
  readonly now: number;
  readonly clock: Pick<FrameClock, 'wallClockOf'>;
  /** PTS of the frame on the screen, ms. */
  readonly ptsMs: number;
  /** The newest analysed frame of the session: when it came is known. */
  readonly analysed: Pick<Analysis, 'ptsMs' | 'capturedAt'> | null;
}

/**
 * For how long the frame on the screen has been at the server, ms; null where that cannot be told.
 *
 * The session's time alone does not tell it: that begins when the first sample comes, and an encoder that looks ahead (x264 does,
 * for seconds) then sends a burst, so that from there on every frame comes earlier than its time says. How much earlier, an
 * analysed frame tells.
 */
export function pictureAge({ now, clock, ptsMs, analysed }: PictureAgeOptions): number | null {
  const earlyMs = analysed ? clock.wallClockOf(analysed.ptsMs) - analysed.capturedAt : 0;
  const ageMs = now - clock.wallClockOf(ptsMs) + earlyMs;
  return ageMs < 0 ? null : ageMs;
}
