import { describe, expect, it } from 'vitest';
import { SegmentWindow } from './window.js';

/** Segments of two seconds each, all complete; the third begins after a break. */
function fill(window: SegmentWindow, count: number): void {
  for (let index = 0; index < count; index++) {
    const startMs = index * 2000;
    const segment = window.open({ initName: 'init-0.mp4', discontinuity: index === 2, independent: true, startMs });
    const bytes = new Uint8Array(10);
    window.addPart(segment, { name: 'part', durationMs: 2000, independent: true, size: 10, bytes });
    window.close(segment);
  }
}
const numbers = (window: SegmentWindow) => window.segments.map(({ msn }) => msn);

describe('the window of segments', () => {
  it('slides: what is older than it leaves, and discontinuities that left are counted', () => {
    const window = new SegmentWindow(10_000, 2000, 250);
    fill(window, 9);
    expect(numbers(window)).toEqual([4, 5, 6, 7, 8]);
    expect(window.discontinuitySequence).toBe(1);
  });

  it('forgets segments whose media were deleted, and counts their discontinuities too', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    fill(window, 9);
    expect(window.forgetUpTo(3)).toBe(true);
    expect(numbers(window)).toEqual([4, 5, 6, 7, 8]);
    expect(window.discontinuitySequence).toBe(1);
    expect(window.forgetUpTo(3)).toBe(false);
    expect(window.byMsn(4)?.name).toBe('seg-4.m4s');
    expect(window.byMsn(3)).toBeUndefined();
  });

  it('keeps three target durations whatever was deleted', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    fill(window, 9);
    window.forgetUpTo(8);
    expect(numbers(window)).toEqual([6, 7, 8]);
  });
});
