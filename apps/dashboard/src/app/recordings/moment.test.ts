import { describe, expect, it } from 'vitest';
import { momentOf, momentPath, momentText } from './moment';

const recording = { epochAt: 1_790_000_000_000, durationMs: 120_000, mediaFromMs: 20_000 };

describe('the moment of a link', () => {
  it('is given in seconds of the session, in Unix milliseconds, or as a time with its zone', () => {
    const same = { ptsMs: 78_400, note: 'none' };
    expect(momentOf('78.4', recording)).toEqual(same);
    expect(momentOf('1790000078400', recording)).toEqual(same);
    expect(momentOf(new Date(1_790_000_078_400).toISOString(), recording)).toEqual(same);
    const ahead = new Date(1_790_000_078_400 + 2 * 3_600_000).toISOString().slice(0, -1);
    expect(momentOf(`${ahead}+02:00`, recording)).toEqual(same);
    expect(momentOf(`${ahead} 02:00`, recording)).toEqual(same);
  });

  it('is the nearest one that there is, and says so', () => {
    expect(momentOf('3', recording)).toEqual({ ptsMs: 20_000, note: 'before' });
    expect(momentOf('500', recording)).toEqual({ ptsMs: 119_500, note: 'after' });
    expect(momentOf('1690000000000', recording)).toEqual({ ptsMs: 20_000, note: 'before' });
    for (const text of ['', 'soon', '-4', '1e9', 'NaN', '9'.repeat(400), '2026-99-99T00:00:00Z'])
      expect(momentOf(text, recording)).toEqual({ ptsMs: 20_000, note: 'unreadable' });
  });

  it('does not complain when the first frame lies a little after the beginning', () => {
    expect(momentOf('0', { ...recording, mediaFromMs: 40 })).toEqual({ ptsMs: 40, note: 'none' });
    expect(momentOf('0', { ...recording, mediaFromMs: null })).toEqual({ ptsMs: 0, note: 'none' });
  });

  it('comes back from the link that was made of it, to the millisecond', () => {
    for (const ptsMs of [0, 1, 40.4, 78_399.6, 86_400_001]) {
      const { durationMs, ...rest } = { ...recording, mediaFromMs: 0, durationMs: 1e9 };
      expect(momentOf(momentText(ptsMs), { ...rest, durationMs }).ptsMs).toBeCloseTo(Math.round(ptsMs), 6);
    }
    expect(momentPath({ streamId: 'a b', sessionId: 'c', ptsMs: 78_400 })).toBe('/streams/a%20b/sessions/c?t=78.4');
    expect(momentPath({ streamId: 'a', sessionId: 'c' })).toBe('/streams/a/sessions/c');
  });
});
