import type { Gap } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SessionGaps } from './session-gaps.js';

function make() {
  const recorded: Gap[] = [];
  return { recorded, gaps: new SessionGaps((gap) => recorded.push(gap)) };
}

describe('the gaps of a session', () => {
  it('are recorded as they come', () => {
    const { gaps, recorded } = make();
    const gap: Gap = { fromMs: 1000, toMs: 4000, reason: 'publisher_lost' };
    gaps.add(gap);
    expect(recorded).toEqual([gap]);
    expect(gaps.all).toEqual([gap]);
  });

  it('of segments lost one after the other are one, shown while it grows and recorded when it is over', () => {
    const { gaps, recorded } = make();
    for (let ms = 0; ms < 20_000; ms += 2000) gaps.lost(ms, ms + 2000);
    expect(gaps.all).toEqual([{ fromMs: 0, toMs: 20_000, reason: 'storage_full' }]);
    expect(recorded).toEqual([]);
    gaps.settle();
    expect(recorded).toEqual([{ fromMs: 0, toMs: 20_000, reason: 'storage_full' }]);
  });

  it('of segments that do not touch are several', () => {
    const { gaps, recorded } = make();
    gaps.lost(0, 2000);
    gaps.add({ fromMs: 2000, toMs: 9000, reason: 'publisher_lost' });
    gaps.lost(9000, 11_000);
    gaps.settle();
    expect(recorded).toHaveLength(3);
    expect(gaps.all.map(({ fromMs }) => fromMs)).toEqual([0, 2000, 9000]);
  });

  it('are bounded: a source that breaks all the time fills no memory and no table', () => {
    const { gaps, recorded } = make();
    for (let index = 0; index < 5000; index++)
      gaps.add({ fromMs: index * 10, toMs: index * 10 + 5, reason: 'clock_jump' });
    expect(recorded).toHaveLength(1000);
    expect(gaps.all).toHaveLength(1000);
    expect(gaps.leftOut).toBe(4000);
  });
});
