import { describe, expect, it } from 'vitest';
import { SegmentWindow } from './window.js';

/** A segment of two seconds and four parts, filled with its number; `size` bytes each. */
function add(window: SegmentWindow, size = 1000) {
  const startMs = window.upcomingMsn * 2000;
  const segment = window.open({ initName: 'init-0.mp4', discontinuity: false, independent: true, startMs });
  for (let index = 0; index < 4; index++) {
    const bytes = segment.memory!.take(size).fill(segment.msn);
    window.addPart(segment, { name: 'part', durationMs: 500, independent: true, size, bytes });
  }
  return { segment, bytes: window.close(segment) };
}

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

  it('writes segments to the memory of those that are stored and have left', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    const memories = new Set<ArrayBufferLike>();
    for (let index = 0; index < 30; index++) {
      const { segment, bytes } = add(window);
      segment.storage = 'stored';
      if (index > 0) memories.add(bytes.buffer);
      // Whatever is still there is what it was.
      for (const held of window.segments)
        if (held.bytes) expect(new Set(held.bytes)).toEqual(new Set([held.msn & 255]));
    }
    const held = window.segments.filter(({ bytes }) => bytes).length;
    expect(memories.size).toBeLessThanOrEqual(held + 1);
  });

  it('leaves the memory alone of what is not stored yet, and of what somebody may still be sending', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    const kept = new Map<number, Uint8Array>();
    for (let index = 0; index < 30; index++) {
      const { segment, bytes } = add(window);
      if (index % 3 > 0) segment.storage = 'stored';
      if (index % 3 === 1) window.lend(segment);
      if (index % 3 < 2) kept.set(segment.msn, bytes);
    }
    for (const [msn, bytes] of kept) expect(new Set(bytes), `segment ${msn}`).toEqual(new Set([msn]));
  });

  it('uses memory again when all who were sending it are done, once', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    add(window);
    const { segment, bytes } = add(window);
    segment.storage = 'stored';
    const [first, second] = [window.lend(segment), window.lend(segment)];
    const later = () => Array.from({ length: 8 }, () => add(window).bytes.buffer);
    expect(later()).not.toContain(bytes.buffer);
    first();
    first();
    expect(later()).not.toContain(bytes.buffer);
    expect(new Set(bytes)).toEqual(new Set([1]));
    second();
    second();
    expect(later().filter((memory) => memory === bytes.buffer)).toHaveLength(1);
  });

  it('joins a segment that outgrows its memory, whose memory is free again', () => {
    const window = new SegmentWindow(60_000, 2000, 250);
    add(window, 100);
    const { bytes } = add(window, 1000);
    expect(bytes).toHaveLength(4000);
    expect(new Set(bytes)).toEqual(new Set([1]));
  });
});
