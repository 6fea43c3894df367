import type { DropReason } from '@media-analyzer/protocol';
import { describe, expect, test } from 'vitest';
import { FrameSampler, type SampleCandidate } from './frame-sampler.js';

/** Runs frames in presentation order through a sampler and returns the picked ones. */
function sample(
  rate: number,
  frames: readonly SampleCandidate[],
  intervalMs: number,
  sampling: 'even' | 'early' = 'early',
): SampleCandidate[] {
  const sampler = new FrameSampler({ rate, sampling, onLost: () => {} });
  return frames.filter((frame, index) => {
    sampler.arrived(index * intervalMs);
    return sampler.offer(frame);
  });
}

function steady(frameRate: number, seconds: number, reorderMs: (index: number) => number = () => 0): SampleCandidate[] {
  return Array.from({ length: frameRate * seconds }, (_, index) => ({
    ptsMs: (index * 1000) / frameRate,
    reorderMs: reorderMs(index),
  }));
}

const distances = (frames: readonly SampleCandidate[]): number[] =>
  frames.slice(1).map((frame, index) => frame.ptsMs - frames[index]!.ptsMs);

describe('without B-frames', () => {
  test.each([24, 25, 29.97, 30, 50, 60])(
    'the frame nearest to each tick is picked at %d frames a second',
    (frameRate) => {
      const interval = 1000 / frameRate;
      const picked = sample(10, steady(frameRate, 20), interval);
      expect(picked.length).toBeGreaterThanOrEqual(199);
      expect(picked.length).toBeLessThanOrEqual(200);
      for (const frame of picked.slice(1)) {
        const tick = Math.round(frame.ptsMs / 100) * 100;
        expect(Math.abs(frame.ptsMs - tick)).toBeLessThanOrEqual(interval / 2 + 0.001);
      }
    },
  );

  test('every frame is picked when there are fewer than ticks', () => {
    expect(sample(10, steady(4, 10), 250)).toHaveLength(40);
    expect(sample(30, steady(30, 5), 1000 / 30)).toHaveLength(150);
  });

  test('a variable frame rate costs no tick that has a frame in reach', () => {
    const times = [0, 16, 50, 66, 100, 180, 210, 300, 316, 333, 405, 500, 590, 605, 700, 800];
    const picked = sample(
      10,
      times.map((ptsMs) => ({ ptsMs, reorderMs: 0 })),
      33,
    );
    expect(picked.map((frame) => Math.round(frame.ptsMs / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('with B-frames', () => {
  /** I B B P B B P …: P-frames wait for three others. */
  const twoBFrames = (index: number): number => (index % 3 === 0 ? 100 : 0);
  /** b-pyramid: of four frames one comes at once, one waits for one, one for two, one for four others. */
  const pyramid = (index: number): number => [4, 0, 2, 1][index % 4]! * (1000 / 30);

  test('frames that come out at once are picked, one for each tick', () => {
    const picked = sample(10, steady(30, 20, twoBFrames), 1000 / 30).slice(20);
    expect(picked.every((frame) => frame.reorderMs === 0)).toBe(true);
    for (const distance of distances(picked)) {
      expect(distance).toBeGreaterThanOrEqual(66);
      expect(distance).toBeLessThanOrEqual(134);
    }
  });

  test('the mean wait falls below half of what the nearest frames would have waited', () => {
    const frames = steady(30, 20, pyramid);
    const mean = (picked: readonly SampleCandidate[]): number =>
      picked.reduce((sum, frame) => sum + frame.reorderMs, 0) / picked.length;
    const nearest = frames.filter((_, index) => index % 3 === 0);
    expect(mean(sample(10, frames, 1000 / 30))).toBeLessThan(mean(nearest) / 2);
    // One for each tick, the one at the very end served early.
    expect(sample(10, frames, 1000 / 30)).toHaveLength(201);
  });

  test('no frame lies further than a third of the period from its tick', () => {
    for (const frame of sample(10, steady(60, 20, pyramid), 1000 / 60)) {
      const offset = Math.abs(frame.ptsMs - Math.round(frame.ptsMs / 100) * 100);
      expect(offset).toBeLessThanOrEqual(100 / 3 + 0.001);
    }
  });
});

describe('even sampling', () => {
  const interval = 1000 / 30;
  const mean = (picked: readonly SampleCandidate[]): number =>
    picked.reduce((sum, frame) => sum + frame.reorderMs, 0) / picked.length;

  test.each([0, 1, 2])('takes every third frame, and after a while one that does not wait, with P at %d', (at) => {
    const picked = sample(
      10,
      steady(30, 20, (index) => (index % 3 === at ? 100 : 0)),
      interval,
      'even',
    );
    const late = picked.slice(40);
    expect(new Set(distances(late).map(Math.round))).toEqual(new Set([100]));
    expect(mean(late)).toBe(0);
    expect(distances(picked).filter((distance) => Math.round(distance) !== 100).length).toBeLessThanOrEqual(2);
  });

  test('stays even where every phase has its share of waits', () => {
    const pyramid = (index: number): number => [4, 0, 2, 1][index % 4]! * interval;
    const picked = sample(10, steady(30, 60, pyramid), interval, 'even');
    expect(distances(picked).filter((distance) => Math.round(distance) !== 100).length).toBeLessThanOrEqual(2);
  });

  test.each([24, 25, 29.97, 50, 60])('is as even as %d frames a second allow', (frameRate) => {
    const picked = sample(10, steady(frameRate, 30), 1000 / frameRate, 'even');
    for (const distance of distances(picked).slice(5)) {
      expect(distance).toBeGreaterThanOrEqual(100 - 1000 / frameRate);
      expect(distance).toBeLessThanOrEqual(100 + 1000 / frameRate);
    }
  });

  test('needs no frame decoded that cannot be the nearest', () => {
    const sampler = new FrameSampler({ rate: 10, sampling: 'even', onLost: () => {} });
    for (let index = 0; index < 4; index += 1) {
      sampler.arrived(index * interval);
      sampler.offer({ ptsMs: index * interval, reorderMs: 0 });
    }
    expect(sampler.mayTake(133)).toBe(false);
    expect(sampler.mayTake(167)).toBe(false);
    expect(sampler.mayTake(200)).toBe(true);
  });
});

describe('lost samples', () => {
  function lossy(): { sampler: FrameSampler; reasons: DropReason[] } {
    const reasons: DropReason[] = [];
    return {
      sampler: new FrameSampler({ rate: 10, sampling: 'early', onLost: (reason) => reasons.push(reason) }),
      reasons,
    };
  }

  test('count once for each tick that got no frame', () => {
    const { sampler, reasons } = lossy();
    sampler.offer({ ptsMs: 0, reorderMs: 0 });
    for (let ptsMs = 100; ptsMs < 500; ptsMs += 20) sampler.lost(ptsMs, 'overload');
    expect(reasons).toEqual([]);
    expect(sampler.offer({ ptsMs: 600, reorderMs: 0 })).toBe(true);
    expect(reasons).toEqual(['overload', 'overload', 'overload', 'overload', 'overload']);
  });

  test('do not count where another frame served the tick', () => {
    const { sampler, reasons } = lossy();
    sampler.offer({ ptsMs: 0, reorderMs: 0 });
    sampler.lost(90, 'overload');
    expect(sampler.offer({ ptsMs: 100, reorderMs: 0 })).toBe(true);
    sampler.lost(110, 'overload');
    sampler.reset();
    expect(reasons).toEqual([]);
  });

  test('a gap in the source is no loss', () => {
    const { sampler, reasons } = lossy();
    sampler.offer({ ptsMs: 0, reorderMs: 0 });
    sampler.offer({ ptsMs: 3000, reorderMs: 0 });
    expect(reasons).toEqual([]);
  });

  test('are settled when the grid starts anew', () => {
    const { sampler, reasons } = lossy();
    sampler.lost(100, 'media_down');
    sampler.lost(200, 'media_down');
    sampler.reset();
    expect(reasons).toEqual(['media_down', 'media_down']);
    expect(sampler.offer({ ptsMs: 50_000, reorderMs: 0 })).toBe(true);
  });

  test('are remembered in bounded memory, and none goes uncounted', () => {
    const { sampler, reasons } = lossy();
    for (let tick = 0; tick < 10_000; tick += 1) sampler.lost(tick * 100, 'overload');
    sampler.reset();
    expect(reasons).toHaveLength(10_000);
  });
});

test('time that jumps back starts the grid anew', () => {
  const picked = sample(10, [...steady(30, 2), ...steady(30, 2)], 1000 / 30);
  expect(picked).toHaveLength(40);
});

test('frames for which the tick is taken need not be decoded', () => {
  const sampler = new FrameSampler({ rate: 10, sampling: 'early', onLost: () => {} });
  expect(sampler.mayTake(0)).toBe(true);
  sampler.offer({ ptsMs: 0, reorderMs: 0 });
  expect(sampler.mayTake(33)).toBe(false);
  expect(sampler.mayTake(67)).toBe(true);
});
