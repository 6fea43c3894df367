import { describe, expect, it } from 'vitest';
import { FrameClock, type MediaSpan } from './frame-clock';

const EPOCH = 1_700_000_000_000;

/** A span whose container counts on the session clock, played from media time `start`. */
function span(options: Partial<MediaSpan> & { sequence: number; start: number; ptsMs: number }): MediaSpan {
  const { sequence, start, ptsMs, ...rest } = options;
  return {
    sequence,
    start,
    end: start + 2,
    containerOffset: ptsMs / 1000 - start,
    dateAt: EPOCH + Math.round(ptsMs),
    dateTime: start,
    ...rest,
  };
}

describe('the frame clock', () => {
  it('reads the PTS of a frame from the container, to less than a microsecond', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 5, start: 10, ptsMs: 61_033.333 }));
    const reading = clock.read(10.033333)!;
    expect(reading.source).toBe('container');
    expect(reading.ptsMs).toBeCloseTo(61_066.666, 3);
  });

  it('falls back to the date where the container counts on a clock of its own', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 5, start: 10, ptsMs: 60_000, containerOffset: -10 }));
    expect(clock.read(11)).toEqual({ ptsMs: 61_000, source: 'date' });
  });

  it('says nothing where neither date nor span is known', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 1, start: 0, ptsMs: 0, dateAt: null }));
    expect(clock.read(1)).toBeNull();
    expect(clock.read(100)).toBeNull();
  });

  it('knows all of a segment that was loaded in two goes, of which the player tells one by one', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 5, start: 10, end: 11, ptsMs: 60_000 }));
    clock.addSpan(span({ sequence: 5, start: 11, end: 12, ptsMs: 61_000, dateAt: EPOCH + 60_000 }));
    expect(clock.read(10.5)).toEqual({ ptsMs: 60_500, source: 'container' });
    expect(clock.read(11.5)).toEqual({ ptsMs: 61_500, source: 'container' });
    // Another offset: the media were loaded anew, at another place.
    clock.addSpan(span({ sequence: 5, start: 20, ptsMs: 60_000 }));
    expect(clock.read(10.5)).toBeNull();
  });

  it('reads a loaded frame that the player has not told of yet, with the offset before it', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 5, start: 10, ptsMs: 60_000 }));
    expect(clock.read(12.5)).toBeNull();
    clock.frames.add(62_500);
    expect(clock.read(12.5)).toEqual({ ptsMs: 62_500, source: 'container' });
    // Nothing is loaded there by that offset: a discontinuity lies between.
    expect(clock.read(12.8)).toBeNull();
  });

  it('keeps the offset of each side of a discontinuity', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 1, start: 0, ptsMs: 0 }));
    // The publisher was away for 8 s; the player puts the two sides together.
    clock.addSpan(span({ sequence: 2, start: 2, ptsMs: 10_000 }));
    expect(clock.read(1.96)!.ptsMs).toBeCloseTo(1960, 6);
    expect(clock.read(2)!.ptsMs).toBeCloseTo(10_000, 6);
    expect(clock.read(1.96)!.ptsMs).toBeCloseTo(1960, 6);
  });

  it('gives the first frame of a segment to that segment, although its media time was rounded down', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 1, start: 0, ptsMs: 0 }));
    clock.addSpan(span({ sequence: 2, start: 2, ptsMs: 10_000 }));
    expect(clock.read(1.999999)!.ptsMs).toBeCloseTo(9999.999, 3);
  });

  it('follows a segment that grows part by part and one that is loaded again with another offset', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 1, start: 0, end: 0.25, ptsMs: 0 }));
    expect(clock.read(0.5)).toBeNull();
    clock.addSpan(span({ sequence: 1, start: 0, end: 1, ptsMs: 0 }));
    expect(clock.read(0.5)!.ptsMs).toBeCloseTo(500, 6);
    clock.addSpan(span({ sequence: 1, start: 0.2, ptsMs: 0 }));
    expect(clock.read(0.5)!.ptsMs).toBeCloseTo(300, 6);
  });

  it('finds the media time of a PTS, in the buffer exactly and in the rest of the playlist by its dates', () => {
    const clock = new FrameClock(EPOCH);
    clock.setPlaylist([
      { start: 0, end: 2, dateAt: EPOCH + 0 },
      { start: 2, end: 4, dateAt: EPOCH + 10_000 },
    ]);
    clock.addSpan(span({ sequence: 2, start: 2.5, ptsMs: 10_000 }));
    expect(clock.mediaTimeOf(10_500)).toBeCloseTo(3, 6);
    expect(clock.mediaTimeOf(500)).toBeCloseTo(0.5, 6);
    expect(clock.mediaTimeOf(5000)).toBeNull();
  });

  it('is inverse to itself', () => {
    const clock = new FrameClock(EPOCH);
    for (let i = 0; i < 20; i++)
      clock.addSpan(span({ sequence: i, start: i * 2, ptsMs: i * 2000 + (i > 9 ? 7000 : 0) }));
    for (const pts of [0, 33.333, 1999, 19_966, 27_000, 46_000]) {
      expect(clock.read(clock.mediaTimeOf(pts)!)!.ptsMs).toBeCloseTo(pts, 3);
    }
  });

  it('reads a frame just past the reported end of its span, and not one far from any', () => {
    const clock = new FrameClock(EPOCH);
    clock.addSpan(span({ sequence: 1, start: 0, end: 1.96, ptsMs: 0 }));
    clock.addSpan(span({ sequence: 2, start: 2, end: 3.96, ptsMs: 10_000 }));
    expect(clock.read(1.98)!.ptsMs).toBeCloseTo(1980, 6);
    expect(clock.read(3.99)!.ptsMs).toBeCloseTo(11_990, 6);
    expect(clock.read(4.5)).toBeNull();
  });

  it('stays bounded', () => {
    const clock = new FrameClock(EPOCH);
    for (let i = 0; i < 1000; i++) clock.addSpan(span({ sequence: i, start: i * 2, ptsMs: i * 2000 }));
    expect(clock.read(1)).toBeNull();
    expect(clock.read(1999)!.ptsMs).toBeCloseTo(1_999_000, 3);
  });
});
