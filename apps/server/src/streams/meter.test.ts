import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SourceMeter } from './meter.js';

const START = 1_790_000_000_000;

/** Frames of 1000 bytes at a steady rate. */
function feed(
  meter: SourceMeter,
  { fromMs = 0, toMs = 0, rate = 25, keyframeEveryMs = 2000, at = START, kind = 'video' as CodedSample['kind'] },
): void {
  for (let ms = fromMs; ms < toMs; ms += 1000 / rate)
    meter.sample({
      ...{ kind, ptsMs: ms, dtsMs: ms, capturedAt: at + ms, data: new Uint8Array(1000) },
      keyframe: kind === 'audio' || Math.round(ms) % keyframeEveryMs === 0,
    });
}

describe('a source meter', () => {
  it('knows nothing before anything came', () => {
    expect(new SourceMeter().rates(START)).toEqual({ bitrate: 0, frameRate: null, keyframeIntervalMs: null });
  });

  it('measures bit rate, frame rate and keyframe interval', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 10_000 });
    const { bitrate, frameRate, keyframeIntervalMs } = meter.rates(START + 10_000);
    expect(bitrate / 200_000).toBeCloseTo(1, 1);
    expect(frameRate! / 25).toBeCloseTo(1, 1);
    expect(keyframeIntervalMs).toBe(2000);
    expect(meter.frames).toBe(250);
  });

  it('follows a change within seconds', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 10_000, rate: 50 });
    feed(meter, { fromMs: 10_000, toMs: 20_000, rate: 20 });
    expect(meter.rates(START + 20_000).frameRate! / 20).toBeCloseTo(1, 1);
  });

  it('counts audio into the bit rate and not into the frames', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 5000, kind: 'audio' });
    expect(meter.frames).toBe(0);
    expect(meter.rates(START + 5000)).toMatchObject({ frameRate: null, keyframeIntervalMs: null });
    expect(meter.rates(START + 5000).bitrate).toBeGreaterThan(0);
  });

  it('falls to nothing when the source goes silent', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 5000 });
    expect(meter.rates(START + 60_000)).toMatchObject({ bitrate: 0, frameRate: null });
  });

  it('falls while nothing comes, and not only when all of it is old', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 10_000 });
    expect(meter.rates(START + 13_000).bitrate).toBeLessThan(120_000);
    expect(meter.rates(START + 15_500)).toMatchObject({ bitrate: 0, frameRate: null });
  });

  it('says a long keyframe interval before its end', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 3000, keyframeEveryMs: 100_000 });
    expect(meter.rates(START + 3000).keyframeIntervalMs).toBeNull();
    feed(meter, { fromMs: 3000, toMs: 9000, keyframeEveryMs: 100_000 });
    expect(meter.rates(START + 9000).keyframeIntervalMs).toBe(8960);
  });

  it('takes no interval across an interruption', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 5000 });
    meter.interrupted();
    expect(meter.rates(START + 5000).keyframeIntervalMs).toBeNull();
    feed(meter, { fromMs: 60_000, toMs: 65_000 });
    expect(meter.rates(START + 65_000).keyframeIntervalMs).toBe(2000);
  });

  it('takes no interval across a time without pictures either', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 5000 });
    feed(meter, { fromMs: 15_000, toMs: 20_000 });
    expect(meter.rates(START + 20_000).keyframeIntervalMs).toBe(2000);
  });

  it('takes that of slides, one in eight seconds, for what it is', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 40_000, rate: 1 / 8, keyframeEveryMs: 8000 });
    expect(meter.rates(START + 40_000).keyframeIntervalMs).toBe(8000);
  });

  it('begins anew when the wall clock is set back', () => {
    const meter = new SourceMeter();
    feed(meter, { toMs: 5000 });
    feed(meter, { fromMs: 5000, toMs: 10_000, at: START - 3_600_000 });
    expect(meter.rates(START - 3_600_000 + 10_000).frameRate! / 25).toBeCloseTo(1, 1);
  });
});
