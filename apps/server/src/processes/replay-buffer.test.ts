import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { ReplayBuffer } from './replay-buffer.js';

const sample = (dtsMs: number, keyframe = false, bytes = 100): CodedSample => ({
  kind: 'video',
  ptsMs: dtsMs,
  dtsMs,
  keyframe,
  data: new Uint8Array(bytes),
  capturedAt: 1_700_000_000_000 + dtsMs,
});
const times = (buffer: ReplayBuffer) => buffer.take().map(({ dtsMs }) => dtsMs);

describe('a replay buffer', () => {
  it('holds the samples from the last keyframe on', () => {
    const buffer = new ReplayBuffer();
    for (const one of [sample(0, true), sample(40), sample(80, true), sample(120), sample(160)]) buffer.add(one);
    expect(times(buffer)).toEqual([80, 120, 160]);
  });

  it('holds nothing before the first keyframe', () => {
    const buffer = new ReplayBuffer();
    for (const one of [sample(0), sample(40)]) buffer.add(one);
    expect(times(buffer)).toEqual([]);
  });

  it('hands its samples over once: what ended a process must not end one after the other', () => {
    const buffer = new ReplayBuffer();
    for (const one of [sample(0, true), sample(40)]) buffer.add(one);
    expect(times(buffer)).toEqual([0, 40]);
    buffer.add(sample(80));
    expect(times(buffer)).toEqual([]);
    for (const one of [sample(120, true), sample(160)]) buffer.add(one);
    expect(times(buffer)).toEqual([120, 160]);
  });

  it('has the bytes of its samples, in memory of its own that is used again for each interval', () => {
    const buffer = new ReplayBuffer();
    const filled = (dtsMs: number, keyframe: boolean, bytes: number) => {
      const one = sample(dtsMs, keyframe, bytes);
      one.data.fill(dtsMs % 251);
      return one;
    };
    const memories = new Set<ArrayBufferLike>();
    for (let interval = 0; interval < 4; interval++) {
      // Intervals of 2.4 MB: more than the buffer begins with.
      const sent = Array.from({ length: 24 }, (_, i) => filled(interval * 1000 + 40 * i, i === 0, 100_000));
      const want = sent.map(({ data }) => Buffer.from(data));
      for (const one of sent) {
        buffer.add(one);
        // Whoever made it may use its memory for something else.
        one.data.fill(255);
      }
      const kept = buffer.take();
      expect(kept.map(({ data }) => Buffer.compare(data, want.shift()!))).toEqual(kept.map(() => 0));
      expect(kept).toHaveLength(24);
      memories.add(kept.at(-1)!.data.buffer);
    }
    expect(memories.size).toBe(1);
  });

  it('keeps nothing of an interval with more bytes than its limit, and begins anew with the next', () => {
    const buffer = new ReplayBuffer({ bytes: 250, durationMs: 10_000 });
    for (const one of [sample(0, true), sample(40), sample(80), sample(120)]) buffer.add(one);
    expect(times(buffer)).toEqual([]);
    for (const one of [sample(160, true), sample(200)]) buffer.add(one);
    expect(times(buffer)).toEqual([160, 200]);
  });

  it('keeps nothing of an interval that is longer than its limit', () => {
    const buffer = new ReplayBuffer({ bytes: 1_000_000, durationMs: 1000 });
    for (let ms = 0; ms <= 1040; ms += 40) buffer.add(sample(ms, ms === 0));
    expect(times(buffer)).toEqual([]);
  });
});
