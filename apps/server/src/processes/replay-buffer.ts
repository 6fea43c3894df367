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

/** First memory of a buffer, bytes: a second of 4 Mbit/s. */
const FIRST_BYTES = 512 * 1024;

/**
 * The video samples since the last keyframe: with them a fresh decoder can go on in the middle of a long keyframe interval.
 * They are all there, or none is: an interval beyond the limits is not kept.
 *
 * Their bytes are copied, into memory that is used again for each interval. Kept as they came they would live for a second:
 * long enough for V8 to take the memory that each was read into for old, and old memory is given back only by marking the whole
 * heap.
 */
export class ReplayBuffer {
  readonly #limits: ReplayLimits;
  #samples: CodedSample[] = [];
  #bytes = 0;
  #memory: Buffer | null = null;
  /** Of `#memory`, bytes that samples have. */
  #used = 0;

  constructor(limits: ReplayLimits = DEFAULT_REPLAY_LIMITS) {
    this.#limits = limits;
  }

  /** Takes the next sample in decode order. */
  add(sample: CodedSample): void {
    if (sample.keyframe) this.clear();
    else if (this.#samples.length === 0) return;
    this.#bytes += sample.data.length;
    const durationMs = sample.dtsMs - (this.#samples[0] ?? sample).dtsMs;
    if (this.#bytes > this.#limits.bytes || durationMs > this.#limits.durationMs) {
      this.clear();
      this.#memory = null;
      return;
    }
    this.#samples.push({ ...sample, data: this.#keep(sample.data) });
  }

  /**
   * Hands the samples over, once: a picture that ends every decoder must end only one more, so nothing is kept from here to
   * the next keyframe.
   *
   * @returns samples whose data are valid until the next keyframe is added
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
    this.#used = 0;
  }

  /** A copy. Where it does not fit, memory for all so far and as much again, up to the limit; what the samples before have stays theirs. */
  #keep(data: Uint8Array): Uint8Array {
    const end = this.#used + data.length;
    if (!this.#memory || end > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(Math.min(this.#limits.bytes, Math.max(FIRST_BYTES, 2 * this.#bytes)));
      this.#used = 0;
    }
    const kept = this.#memory.subarray(this.#used, this.#used + data.length);
    kept.set(data);
    this.#used += data.length;
    return kept;
  }
}
