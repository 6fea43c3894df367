import type { Box, Detection } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tracker } from './index.js';

const seen = (box: Box, label = 'person', score = 0.8): RawDetection => ({ label, score, box });
const ids = (detections: readonly Detection[]) => detections.map((detection) => detection.trackId);

/** Walks to the right by `speed` picture widths a second. */
const walker = (ms: number, { x = 0.1, y = 0.4, speed = 0.2 } = {}): Box => [x + (speed * ms) / 1000, y, 0.08, 0.25];

describe('a track', () => {
  it('begins anew with the score of another model, and gives no number twice', () => {
    const tracker = new Tracker({ highScore: 0.3, confirmHits: 1 });
    const unsure = { label: 'person', score: 0.4, box: [0.1, 0.1, 0.2, 0.4] as [number, number, number, number] };
    expect(ids(tracker.update(0, [unsure]))).toEqual([1]);
    tracker.retune({ highScore: 0.5 });
    expect(tracker.update(100, [unsure])).toEqual([]);
    expect(ids(tracker.update(200, [{ ...unsure, score: 0.6 }]))).toEqual([2]);
  });

  it('gets its number at the second sighting and keeps it', () => {
    const tracker = new Tracker();
    const numbers = [0, 100, 200, 300].map((ms) => ids(tracker.update(ms, [seen(walker(ms))])));
    expect(numbers).toEqual([[null], [1], [1], [1]]);
  });

  it('keeps its number when frames are dropped irregularly', () => {
    const tracker = new Tracker();
    const times = [0, 100, 133, 400, 433, 900, 1000, 1500, 1540, 2100, 2900];
    const numbers = times.map((ms) => tracker.update(ms, [seen(walker(ms))])[0]!.trackId);
    expect(new Set(numbers.slice(1))).toEqual(new Set([1]));
  });

  it('survives an occlusion in motion, shorter than the limit', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms <= 1000; ms += 100) tracker.update(ms, [seen(walker(ms))]);
    for (let ms = 1100; ms < 2200; ms += 100) expect(tracker.update(ms, [])).toEqual([]);
    expect(ids(tracker.update(2200, [seen(walker(2200))]))).toEqual([1]);
  });

  it('is forgotten after the limit: who comes then is new', () => {
    const tracker = new Tracker({ lostMs: 1000 });
    for (let ms = 0; ms <= 500; ms += 100) tracker.update(ms, [seen(walker(0))]);
    tracker.update(1600, [seen(walker(0))]);
    expect(ids(tracker.update(1700, [seen(walker(0))]))).toEqual([2]);
  });

  it('is not made of a single flicker', () => {
    const tracker = new Tracker();
    tracker.update(0, [seen(walker(0))]);
    for (let ms = 100; ms < 1000; ms += 100) tracker.update(ms, []);
    expect(ids(tracker.update(1000, [seen(walker(0))]))).toEqual([null]);
  });

  it('is numbered at first sight where one sighting is enough', () => {
    expect(ids(new Tracker({ confirmHits: 1 }).update(0, [seen(walker(0))]))).toEqual([1]);
  });
});

describe('objects that meet', () => {
  it('keep their numbers when they cross', () => {
    const tracker = new Tracker();
    const scene = (ms: number) => [
      seen(walker(ms, { x: 0.1, y: 0.4, speed: 0.3 })),
      seen(walker(ms, { x: 0.7, y: 0.45, speed: -0.3 })),
    ];
    let last: Detection[] = [];
    for (let ms = 0; ms <= 2000; ms += 100) last = tracker.update(ms, scene(ms));
    expect(ids(last)).toEqual([1, 2]);
  });

  it('keep their numbers whatever the order in which the detector lists them', () => {
    const tracker = new Tracker();
    const a = seen([0.1, 0.1, 0.1, 0.1]);
    const b = seen([0.6, 0.6, 0.1, 0.1]);
    tracker.update(0, [a, b]);
    tracker.update(100, [a, b]);
    expect(ids(tracker.update(200, [b, a]))).toEqual([2, 1]);
  });

  it('are not mixed up with a thing of another class in the same place', () => {
    const tracker = new Tracker();
    const scene = [seen([0.4, 0.4, 0.2, 0.3], 'person'), seen([0.42, 0.42, 0.18, 0.28], 'bicycle')];
    for (let ms = 0; ms < 500; ms += 100) tracker.update(ms, scene);
    expect(ids(tracker.update(500, [...scene].reverse()))).toEqual([2, 1]);
  });
});

describe('an unsure detector', () => {
  it('keeps an object alive by low scores, and reports those', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms <= 500; ms += 100) tracker.update(ms, [seen(walker(ms))]);
    const weak = tracker.update(600, [seen(walker(600), 'person', 0.15)]);
    expect(weak).toMatchObject([{ trackId: 1, score: 0.15 }]);
  });

  it('is not believed where nothing was known', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms <= 500; ms += 100) expect(tracker.update(ms, [seen(walker(ms), 'person', 0.15)])).toEqual([]);
  });

  it('may call a car a truck for a moment', () => {
    const tracker = new Tracker();
    const label = (ms: number) => (ms === 300 || ms === 400 ? 'truck' : 'car');
    const numbers = [];
    for (let ms = 0; ms <= 700; ms += 100) numbers.push(...tracker.update(ms, [seen(walker(ms), label(ms))]));
    expect(ids(numbers)).toEqual([null, 1, 1, 1, 1, 1, 1, 1]);
    expect(numbers[3]!.label).toBe('truck');
  });

  it('may change its mind for good', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms < 1000; ms += 100) tracker.update(ms, [seen(walker(0), 'car')]);
    for (let ms = 1000; ms < 4000; ms += 100) expect(ids(tracker.update(ms, [seen(walker(0), 'truck')]))).toEqual([1]);
  });
});

describe('time', () => {
  it('that comes late is given the numbers of its time and changes nothing', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms <= 1000; ms += 100) tracker.update(ms, [seen(walker(ms))]);
    const newcomer = seen([0.8, 0.1, 0.1, 0.1]);
    expect(ids(tracker.update(550, [seen(walker(550))]))).toEqual([1]);
    expect(ids(tracker.update(950, [newcomer, seen(walker(950))]))).toEqual([null, 1]);
    expect(ids(tracker.update(1000, [newcomer, seen(walker(1000))]))).toEqual([null, 1]);
    expect(ids(tracker.update(1050, [newcomer, seen(walker(1050))]))).toEqual([null, 1]);
    expect(ids(tracker.update(1100, [newcomer, seen(walker(1100))]))).toEqual([2, 1]);
  });

  it('that starts anew after a reset does not bring numbers back', () => {
    const tracker = new Tracker();
    for (let ms = 0; ms <= 300; ms += 100) tracker.update(ms + 50_000, [seen(walker(0))]);
    tracker.reset();
    expect(ids(tracker.update(0, [seen(walker(0))]))).toEqual([null]);
    expect(ids(tracker.update(100, [seen(walker(0))]))).toEqual([2]);
  });

  it('must be a number', () => {
    expect(() => new Tracker().update(Number.NaN, [])).toThrow(RangeError);
  });
});

describe('limits', () => {
  it('hold the number of tracks, and let objects past it go without a number', () => {
    const tracker = new Tracker({ maxTracks: 3 });
    const crowd = Array.from({ length: 10 }, (_, index) => seen([index / 10, 0.5, 0.08, 0.2]));
    tracker.update(0, crowd);
    expect(ids(tracker.update(100, crowd)).filter((id) => id !== null)).toEqual([1, 2, 3]);
  });

  it('a number is never given to two objects of one frame, and numbers only grow', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const detection = fc.record({
      label: fc.constantFrom('a', 'b'),
      score: unit,
      box: fc.tuple(
        unit,
        unit,
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      ),
    });
    const frame = fc.record({
      step: fc.double({ min: -500, max: 2000, noNaN: true }),
      detections: fc.array(detection, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
        const tracker = new Tracker();
        let ms = 0;
        let highest = 0;
        for (const { step, detections } of frames) {
          ms += step;
          const given = ids(tracker.update(ms, detections)).filter((id) => id !== null);
          expect(new Set(given).size).toBe(given.length);
          const fresh = given.filter((id) => id > highest);
          highest = Math.max(highest, ...given);
          expect(fresh.length).toBeLessThanOrEqual(detections.length);
        }
      }),
    );
  });
});
