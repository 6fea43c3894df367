import type { CodedSample } from '@media-analyzer/protocol';

/** What is kept at most. */
export interface ReplayLimits {
  /** Bytes. 10 s of 12 Mbit/s: longer keyframe intervals at such rates are rare. */
  readonly bytes: number;
  /** Decode time, ms: 1080p is decoded at about ten times its pace, so this is caught up with in some 1.5 s. */
  readonly durationMs: number;
}

/** Both bounds at once: whichever is met first. */
export const DEFAULT_REPLAY_LIMITS: ReplayLimits = { bytes: 16 * 1024 * 1024, durationMs: 15_000 };

/**
 * The video samples since the last keyframe: with them a fresh decoder can go on in the middle of a long keyframe interval.
 * They are all there, or none is: an interval beyond the limits is not kept.
 */
export class ReplayBuffer {
  readonly #limits: ReplayLimits;
  #samples: CodedSample[] = [];
  #bytes = 0;

  constructor(limits: ReplayLimits = DEFAULT_REPLAY_LIMITS) {
    this.#limits = limits;
  }

  /** Takes the next sample in decode order. */
  add(sample: CodedSample): void {
    if (sample.keyframe) this.clear();
    else if (this.#samples.length === 0) return;
    this.#samples.push(sample);
    this.#bytes += sample.data.length;
    const durationMs = sample.dtsMs - this.#samples[0]!.dtsMs;
    if (this.#bytes > this.#limits.bytes || durationMs > this.#limits.durationMs) this.clear();
  }

  /**
   * Hands the samples over, once: a picture that ends every decoder must end only one more, so nothing is kept from here to
   * the next keyframe.
   */
  take(): readonly CodedSample[] {
    const samples = this.#samples;
    this.clear();
    return samples;
  }

  /** What was kept cannot be decoded together with what follows. */
  clear(): void {
    this.#samples = [];
    this.#bytes = 0;
  }
}
