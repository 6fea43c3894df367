import type { AudioTrack, CodedSample } from '@media-analyzer/protocol';
import { audioFrameSampler, silentAudioFrame } from '../bitstream/index.js';
import { AudioTimeline } from '../fmp4/index.js';
import { type TimedSample, timedSample, withDuration } from './timed-sample.js';

/** Sound that waits for its part: laid end to end by its sample count, cut off by time. */
export class AudioLane {
  private readonly timeline: AudioTimeline;
  private readonly frameSamples: (data: Uint8Array) => number;
  private readonly rate: number;
  private readonly silence: Uint8Array | null;
  private waiting: TimedSample[] = [];

  constructor(track: AudioTrack) {
    this.rate = track.sampleRate;
    this.timeline = new AudioTimeline(track.sampleRate);
    this.frameSamples = audioFrameSampler(track);
    this.silence = silentAudioFrame(track);
  }

  /** Frames not yet taken, in order. */
  get frames(): readonly TimedSample[] {
    return this.waiting;
  }

  /** End of the newest frame, ms; -Infinity before the first. */
  get endMs(): number {
    const end = this.timeline.endTicks;
    return end === null ? Number.NEGATIVE_INFINITY : (end * 1000) / this.rate;
  }

  get bytes(): number {
    return this.waiting.reduce((sum, frame) => sum + frame.data.length, 0);
  }

  /** Returns why the sample was not taken, or null. */
  push(sample: CodedSample): 'overlap' | 'invalid' | null {
    const durationTicks = this.frameSamples(sample.data);
    if (durationTicks === 0 || sample.data.length === 0) return 'invalid';
    const before = this.timeline.endTicks;
    const dtsTicks = this.timeline.place(sample.ptsMs, durationTicks);
    if (dtsTicks === null) return 'overlap';
    const last = this.waiting.at(-1);
    if (last && before !== null && dtsTicks > before) {
      // A lost frame: samples of a fragment follow each other, so the one before has to last until here.
      this.waiting[this.waiting.length - 1] = withDuration(last, dtsTicks - last.dtsTicks, this.rate);
    }
    const { data, capturedAt } = sample;
    this.waiting.push(
      timedSample({
        dtsTicks,
        ptsTicks: dtsTicks,
        durationTicks,
        timescale: this.rate,
        keyframe: true,
        data,
        capturedAt,
      }),
    );
    return null;
  }

  /**
   * Lays silence from the end of the sound (or from `fromMs`, when that is later) to `untilMs`.
   * @returns false where there is no silence for this codec
   */
  fill({ fromMs, untilMs, capturedAt }: { fromMs: number; untilMs: number; capturedAt: number }): boolean {
    const { silence } = this;
    if (!silence) return false;
    while (this.endMs < untilMs) {
      const ptsMs = Math.max(this.endMs, fromMs);
      this.push({ kind: 'audio', ptsMs, dtsMs: ptsMs, keyframe: true, data: silence, capturedAt });
    }
    return true;
  }

  /** Takes the frames that start before `endMs`. */
  take(endMs: number): TimedSample[] {
    let count = this.waiting.findIndex((frame) => frame.startMs >= endMs);
    if (count === -1) count = this.waiting.length;
    return this.waiting.splice(0, count);
  }

  startsBefore(endMs: number): boolean {
    const first = this.waiting[0];
    return first !== undefined && first.startMs < endMs;
  }

  /** The next frame goes where its time says. */
  resync(): void {
    this.timeline.resync();
  }
}
