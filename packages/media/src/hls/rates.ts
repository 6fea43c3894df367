import type { LiveSegment } from './window.js';

/** Frames over which the frame rate is measured: enough to average out RTMP's rounding to whole ms. */
const FRAME_WINDOW = 300;
const LEAST_FRAMES = 10;
/** Intervals within this of the median belong to the frame rate. */
const USUAL_SPREAD = 0.3;
const KEYFRAME_WINDOW = 10;

/** Measures what the bitstream does not say: frame rate, keyframe interval, bit rates. */
export class Rates {
  private readonly frameTimes: number[] = [];
  private readonly keyframeIntervals: number[] = [];
  private lastKeyframeMs: number | null = null;
  private peak = 0;
  private bits = 0;
  private durationMs = 0;

  frame(dtsMs: number, keyframe: boolean): void {
    this.frameTimes.push(dtsMs);
    if (this.frameTimes.length > FRAME_WINDOW) this.frameTimes.shift();
    if (!keyframe) return;
    if (this.lastKeyframeMs !== null) {
      this.keyframeIntervals.push(dtsMs - this.lastKeyframeMs);
      if (this.keyframeIntervals.length > KEYFRAME_WINDOW) this.keyframeIntervals.shift();
    }
    this.lastKeyframeMs = dtsMs;
  }

  /** The timeline breaks: what was before says nothing about the distance to what follows. */
  breakHere(): void {
    this.frameTimes.length = 0;
    this.lastKeyframeMs = null;
  }

  segment(segment: LiveSegment): void {
    if (segment.durationMs <= 0) return;
    this.bits += segment.size * 8;
    this.durationMs += segment.durationMs;
    this.peak = Math.max(this.peak, (segment.size * 8000) / segment.durationMs);
  }

  /** Frames per second, or null with too few frames. */
  get frameRate(): number | null {
    const { frameTimes } = this;
    if (frameTimes.length < LEAST_FRAMES) return null;
    const intervals = frameTimes.slice(1).map((time, i) => time - frameTimes[i]!);
    const median = intervals.toSorted((a, b) => a - b)[intervals.length >> 1]!;
    // Lost frames and pauses are not the rate; the mean of the rest undoes RTMP's rounding of each time to whole ms.
    const usual = intervals.filter((interval) => Math.abs(interval - median) <= median * USUAL_SPREAD);
    const spanMs = usual.reduce((sum, interval) => sum + interval, 0);
    return spanMs > 0 ? (usual.length * 1000) / spanMs : null;
  }

  get keyframeIntervalMs(): number | null {
    return this.keyframeIntervals.length > 0 ? Math.max(...this.keyframeIntervals) : null;
  }

  /** Bits per second of the segment with the most. */
  get peakBitrate(): number {
    return this.peak;
  }

  get averageBitrate(): number {
    return this.durationMs > 0 ? (this.bits * 1000) / this.durationMs : 0;
  }
}
