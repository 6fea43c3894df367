/**
 * Sources date audio frames in whole milliseconds, while a frame of 1024 samples at 44100 Hz lasts 23.22 ms. Written down
 * as they come, such times leave gaps and overlaps of a fraction of a millisecond between all frames. So frames are laid
 * end to end by their sample count for as long as the source's clock agrees.
 */

/** A frame further than this from where the count puts it did not just jitter: frames are missing, or too many. */
const JUMP_MS = 35;
/** On average the count stays this close to the source's clock; half of what is noticed between picture and sound. */
const DRIFT_MS = 8;
/** Frames that the average deviation is taken over: jitter of single frames cancels out. */
const AVERAGED_FRAMES = 16;
/** Frames before the average says anything. */
const LEAST_FRAMES = 4;
/** Share of a frame that the count has to be ahead before one is dropped; afterwards it must not be behind by DRIFT_MS. */
const DROP_AT = 0.75;

/** Places the frames of one audio track on a timeline of samples. */
export class AudioTimeline {
  private next: number | null = null;
  private resyncPending = false;
  private frames = 0;
  /** Mean of source time minus count over the last frames, samples. */
  private drift = 0;

  /** @param sampleRate Of the timeline, Hz. */
  constructor(private readonly sampleRate: number) {}

  /** End of the last frame, in samples; null before the first. */
  get endTicks(): number | null {
    return this.next;
  }

  /** Forget the count: the next frame goes where its time says, but never before the end of what is there. */
  resync(): void {
    this.resyncPending = true;
  }

  /**
   * Start of a frame in samples.
   *
   * @param ptsMs The source's time.
   * @param frameSamples Length of the frame.
   * @returns The place, or null when the frame lies before what is already there and has to be dropped.
   */
  place(ptsMs: number, frameSamples: number): number | null {
    // Never before its time: sound that begins a fraction of a sample before its picture makes hls.js date the segment by
    // the sound. The subtraction absorbs floating point errors in whole numbers.
    const wanted = Math.max(0, Math.ceil((ptsMs * this.sampleRate) / 1000 - 1e-6));
    const start =
      this.next === null || this.resyncPending ? this.anchor(wanted) : this.follow(wanted, this.next, frameSamples);
    if (start !== null) this.next = start + frameSamples;
    return start;
  }

  private anchor(wanted: number): number {
    this.resyncPending = false;
    this.frames = 0;
    this.drift = 0;
    return Math.max(wanted, this.next ?? 0);
  }

  private follow(wanted: number, next: number, frameSamples: number): number | null {
    const ms = this.sampleRate / 1000;
    const deviation = wanted - next;
    if (deviation > JUMP_MS * ms) return this.anchor(wanted);
    if (deviation < -JUMP_MS * ms) return null;
    this.frames += 1;
    this.drift += (deviation - this.drift) / Math.min(this.frames, AVERAGED_FRAMES);
    if (this.frames < LEAST_FRAMES) return next;
    if (this.drift > DRIFT_MS * ms) return this.anchor(next + Math.round(this.drift));
    if (this.drift < -Math.max(DRIFT_MS * ms, DROP_AT * frameSamples)) {
      this.frames = 0;
      this.drift = 0;
      return null;
    }
    return next;
  }
}
