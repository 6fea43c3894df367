import type { CodedSample } from '@media-analyzer/protocol';

/** Rates are taken over this much arrival time, ms: long enough for a keyframe interval, short enough to see a change. */
const WINDOW_MS = 5000;
/** Keyframe intervals remembered. */
const INTERVALS = 5;
/** Length of a tick: what is counted together, ms. */
const TICK_MS = 250;
/** Without a sample for longer than this, the time without one counts as well, ms. */
const PAUSE_MS = 1000;
/** Pictures further apart than this, ms, and than so many of the distances before, did not come for a while. */
const PICTURE_PAUSE_MS = 2000;
const PAUSE_DISTANCES = 3;
/** Without a keyframe for longer than this, the interval that still runs is worth saying, ms. */
const LONG_INTERVAL_MS = 4000;

interface Tick {
  readonly at: number;
  readonly bytes: number;
  readonly frames: number;
}

/** Measures what arrives from a publisher: bit rate, frame rate, keyframe interval. Memory is bounded by the window. */
export class SourceMeter {
  private ticks: Tick[] = [];
  private open: { at: number; bytes: number; frames: number } | null = null;
  private intervals: number[] = [];
  private lastKeyframeMs: number | null = null;
  private newestMs = 0;
  /** From one picture to the next, ms. */
  private distanceMs = 0;
  private frameCount = 0;

  /** Video frames since the start. */
  get frames(): number {
    return this.frameCount;
  }

  sample({ kind, data, keyframe, dtsMs, capturedAt }: CodedSample): void {
    if (this.open && capturedAt < this.open.at) this.wallClockSetBack();
    if (this.open === null || capturedAt - this.open.at >= TICK_MS) {
      if (this.open) this.ticks.push(this.open);
      this.open = { at: capturedAt, bytes: 0, frames: 0 };
      const oldest = capturedAt - WINDOW_MS;
      while (this.ticks[0] !== undefined && this.ticks[0].at < oldest) this.ticks.shift();
    }
    this.open.bytes += data.length;
    if (kind !== 'video') return;
    this.open.frames += 1;
    this.frameCount += 1;
    this.pictureAt(dtsMs);
    if (!keyframe) return;
    if (this.lastKeyframeMs !== null && dtsMs > this.lastKeyframeMs) {
      this.intervals.push(dtsMs - this.lastKeyframeMs);
      if (this.intervals.length > INTERVALS) this.intervals.shift();
    }
    this.lastKeyframeMs = dtsMs;
  }

  /** The source was interrupted: an interval across the gap says nothing of the encoder, nor do those before of a new one. */
  interrupted(): void {
    this.intervals = [];
    this.lastKeyframeMs = null;
  }

  /** An interval in which no picture came for a while says nothing of how far apart keyframes are. */
  private pictureAt(dtsMs: number): void {
    const distanceMs = dtsMs - this.newestMs;
    if (distanceMs > Math.max(PICTURE_PAUSE_MS, PAUSE_DISTANCES * this.distanceMs)) this.lastKeyframeMs = null;
    this.distanceMs = distanceMs;
    this.newestMs = dtsMs;
  }

  /** @param now Unix ms */
  rates(now: number): { bitrate: number; frameRate: number | null; keyframeIntervalMs: number | null } {
    const recent = this.ticks.filter(({ at }) => at >= now - WINDOW_MS);
    const keyframeIntervalMs = this.longestInterval();
    const { open } = this;
    const first = recent[0] ?? open;
    if (!first || !open || open.at < now - WINDOW_MS) return { bitrate: 0, frameRate: null, keyframeIntervalMs };
    // Up to the open tick, whose own content is still growing; where nothing comes any more, up to now.
    const pausing = now - open.at > PAUSE_MS;
    const counted = pausing ? [...recent, open] : recent;
    const spanMs = Math.max((pausing ? now : open.at) - first.at, 1);
    const bytes = counted.reduce((sum, tick) => sum + tick.bytes, 0);
    const frames = counted.reduce((sum, tick) => sum + tick.frames, 0);
    return {
      bitrate: Math.round((bytes * 8000) / spanMs),
      frameRate: frames > 0 ? Math.round((frames * 100_000) / spanMs) / 100 : null,
      keyframeIntervalMs,
    };
  }

  /** The interval that still runs counts once it is long: the encoder may send its next keyframe in minutes only. */
  private longestInterval(): number | null {
    const running = this.lastKeyframeMs === null ? 0 : this.newestMs - this.lastKeyframeMs;
    const longest = Math.max(0, ...this.intervals, running > LONG_INTERVAL_MS ? running : 0);
    return longest > 0 ? longest : null;
  }

  private wallClockSetBack(): void {
    this.ticks = [];
    this.open = null;
  }
}
