import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioTimeline } from './audio-timeline.js';

const FRAME = 1024;
const RATE = 44_100;
const frameMs = (FRAME * 1000) / RATE;

/** Places frames dated by `date` and returns where they went; null for dropped ones. */
function place(count: number, date: (index: number) => number, timeline = new AudioTimeline(RATE)): (number | null)[] {
  return Array.from({ length: count }, (_, i) => timeline.place(date(i), FRAME));
}

describe('the audio timeline', () => {
  it('lays frames end to end although their times are rounded to whole ms', () => {
    const starts = place(1000, (i) => Math.round(i * frameMs));
    expect(starts).toEqual(Array.from({ length: 1000 }, (_, i) => i * FRAME));
  });

  it('also with an encoder whose times jitter by 10 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 100, maxLength: 300 }), (jitter) => {
        const starts = place(jitter.length, (i) => 1000 + i * frameMs + jitter[i]! * (i % 2 === 0 ? 1 : -1));
        const steps = starts.slice(1).map((start, i) => (start ?? 0) - (starts[i] ?? 0));
        // At most the first frame's own jitter is corrected.
        expect(steps.filter((step) => step !== FRAME).length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('leaves a gap where a frame was lost', () => {
    const starts = place(20, (i) => Math.round((i < 10 ? i : i + 2) * frameMs));
    expect(starts[9]).toBe(9 * FRAME);
    expect(Math.abs(starts[10]! - 12 * FRAME)).toBeLessThan(RATE / 1000);
    expect(starts[11]).toBe(starts[10]! + FRAME);
  });

  it('closes a lasting offset of less than a frame within a few frames', () => {
    const starts = place(40, (i) => (i === 0 ? 0 : 19 + i * frameMs));
    const offsetMs = ((starts[39]! - 39 * FRAME) * 1000) / RATE;
    expect(offsetMs).toBeGreaterThan(11);
    expect(offsetMs).toBeLessThan(20);
  });

  it('drops frames that lie before what is already there', () => {
    expect(place(3, (i) => [100, 30, 100 + frameMs][i]!)).toEqual([4410, null, 4410 + FRAME]);
  });

  it('keeps up with an encoder whose clock runs fast or slow, and never overlaps', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.97, max: 1.03, noNaN: true }), (speed) => {
        let end = 0;
        const timeline = new AudioTimeline(RATE);
        for (let i = 0; i < 2000; i += 1) {
          const dateMs = i * frameMs * speed;
          const start = timeline.place(Math.round(dateMs), FRAME);
          if (start === null) continue;
          expect(start).toBeGreaterThanOrEqual(end);
          expect(Math.abs((start * 1000) / RATE - dateMs)).toBeLessThan(36);
          end = start + FRAME;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('starts anew where it is told to, but not before its end', () => {
    const timeline = new AudioTimeline(RATE);
    timeline.place(1000, FRAME);
    timeline.resync();
    expect(timeline.place(1010, FRAME)).toBe(44_100 + FRAME);
    timeline.resync();
    expect(timeline.place(9000, FRAME)).toBe(9 * RATE);
  });
});
