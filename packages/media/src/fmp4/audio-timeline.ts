/**
 * Sources date audio frames in whole milliseconds, while a frame of 1024 samples at 44100 Hz lasts 23.22 ms. Written down
 * as they come, such times leave gaps and overlaps of a fraction of a millisecond between all frames. So frames are laid
 * end to end by their sample count for as long as the source's clock agrees.
 */

/** How far the count may drift from the source's clock: encoders with their own jitter stay below, a lost frame does not. */
export const AUDIO_TOLERANCE_MS = 35;

export class AudioTimeline {
  private next: number | null = null;
  private readonly tolerance: number;

  constructor(
    private readonly sampleRate: number,
    toleranceMs: number = AUDIO_TOLERANCE_MS,
  ) {
    this.tolerance = (toleranceMs * sampleRate) / 1000;
  }

  /** End of the last frame, in samples; null before the first. */
  get endTicks(): number | null {
    return this.next;
  }

  /** Forget the count: the next frame goes where its time says, but never before the end of what is there. */
  resync(): void {
    this.pendingResync = true;
  }
  private pendingResync = false;

  /**
   * Start of a frame in samples.
   *
   * @param ptsMs The source's time.
   * @param frameSamples Length of the frame.
   * @returns The place, or null when the frame lies before what is already there and has to be dropped.
   */
  place(ptsMs: number, frameSamples: number): number | null {
    const wanted = Math.max(0, Math.round((ptsMs * this.sampleRate) / 1000));
    let start = wanted;
    if (this.next !== null) {
      const deviation = wanted - this.next;
      if (this.pendingResync) start = Math.max(wanted, this.next);
      else if (Math.abs(deviation) <= this.tolerance) start = this.next;
      else if (deviation < 0) return null;
    }
    this.pendingResync = false;
    this.next = start + frameSamples;
    return start;
  }
}
