import { describe, expect, it } from 'vitest';
import { chooseSegments } from './download.js';
import type { StoredSegment } from './ports.js';

const segment = (n: number, change: Partial<StoredSegment> = {}): StoredSegment => ({
  name: `seg-${n}.m4s`,
  initName: 'init-0.mp4',
  startMs: n * 2000,
  durationMs: 2000,
  bytes: 100,
  gap: false,
  ...change,
});
const names = (query: Parameters<typeof chooseSegments>[1], all: readonly StoredSegment[]) =>
  chooseSegments(all, query).map(({ name }) => name);

describe('the segments of a download', () => {
  it('are all that are stored, or those that the range touches', () => {
    const all = [segment(0), segment(1), segment(2, { gap: true }), segment(3)];
    expect(names({ sessionId: 's' }, all)).toEqual(['seg-0.m4s', 'seg-1.m4s', 'seg-3.m4s']);
    expect(names({ sessionId: 's', from: 2500, to: 6000 }, all)).toEqual(['seg-1.m4s']);
    expect(() => names({ sessionId: 's', from: 9000 }, all)).toThrow(/no media in the part and range/);
  });

  it('share an init segment: a session that changed is a file for each, and says how many', () => {
    const all = [segment(0), segment(1, { initName: 'init-1.mp4' }), segment(2, { initName: 'init-1.mp4' })];
    expect(() => names({ sessionId: 's' }, all)).toThrow(/it is 2 files; ask for part=1 to 2/);
    expect(names({ sessionId: 's', part: 2 }, all)).toEqual(['seg-1.m4s', 'seg-2.m4s']);
    expect(names({ sessionId: 's', from: 2000 }, all)).toEqual(['seg-1.m4s', 'seg-2.m4s']);
    expect(() => names({ sessionId: 's', part: 3 }, all)).toThrow(/no media/);
  });
});
