import { describe, expect, it } from 'vitest';
import { appearanceFrom, stretches } from './appearances-on-bar';
import { BarScale } from './bar-scale';

const EPOCH = 1_790_000_000_000;
/** Two segments, a gap of ten seconds on the clock, two more: 8 s of media for 18 s of the session. */
const segments = [20_000, 22_000, 34_000, 36_000].map((ptsMs, i) => ({
  start: 100 + i * 2,
  end: 102 + i * 2,
  dateAt: EPOCH + ptsMs,
}));
const scale = new BarScale(segments, EPOCH, { start: 100, end: 108 });

describe('the bar of the player', () => {
  it('knows the time at each place, across a gap', () => {
    expect([0, 0.25, 0.375, 0.5, 1].map((share) => scale.ptsAt(share))).toEqual([
      20_000, 22_000, 23_000, 34_000, 38_000,
    ]);
    expect(new BarScale([], EPOCH, { start: 0, end: 1 }).ptsAt(0.5)).toBeNull();
  });

  it('knows the place of each time: in a gap it is where the gap is, outside at the ends', () => {
    expect([20_000, 23_000, 30_000, 34_000, 35_000].map((ptsMs) => scale.shareOf(ptsMs))).toEqual([
      0, 0.375, 0.5, 0.5, 0.625,
    ]);
    expect([scale.shareOf(0), scale.shareOf(99_000), scale.share(104), scale.share(7)]).toEqual([0, 1, 0.5, 0]);
  });
});

describe('appearances on the bar', () => {
  const columns = {
    fromMs: 10_000,
    everyMs: 1000,
    classes: [
      { label: 'dog', most: [0, 1, 2, 0, 1], comesMs: [11_200, 14_900] },
      { label: 'cat', most: [0, 0, 0, 1, 0], comesMs: [13_400] },
    ],
  };

  it('are columns joined where the class stayed', () => {
    expect(stretches(columns)).toEqual([
      { label: 'dog', fromMs: 11_000, toMs: 13_000 },
      { label: 'dog', fromMs: 14_000, toMs: 15_000 },
      { label: 'cat', fromMs: 13_000, toMs: 14_000 },
    ]);
  });

  it('are gone to one by one, of whichever class comes next', () => {
    const { classes } = columns;
    expect(appearanceFrom(classes, 11_500, 1)).toBe(13_400);
    expect(appearanceFrom(classes, 13_400, 1)).toBe(14_900);
    expect(appearanceFrom(classes, 14_900, 1)).toBeNull();
    // Who has just come to one goes to the one before it, also when the picture has played on a little.
    expect(appearanceFrom(classes, 15_300, -1)).toBe(13_400);
    expect(appearanceFrom(classes, 13_400, -1)).toBe(11_200);
    expect(appearanceFrom(classes, 11_200, -1)).toBeNull();
  });
});
