import { describe, expect, it } from 'vitest';
import { analysisAt } from '../overlay/testing';
import { appearances, countClasses, objectsPerSecond, visibleAt } from './results';

/** A person all the time, a dog from 1 s to 2 s and again at 6 s, a car without a track. */
const analyses = Array.from({ length: 70 }, (_, i) => {
  const pts = i * 100;
  return analysisAt(pts, [
    ['person', 1, undefined, 0.5 + i / 1000],
    ...((pts >= 1000 && pts < 2000) || pts >= 6000 ? ([['dog', pts >= 6000 ? 3 : 2, undefined, 0.8]] as const) : []),
    ...(pts === 3000
      ? ([
          ['car', null],
          ['car', null],
        ] as const)
      : []),
  ]);
});

describe('what is visible', () => {
  it('is what the last analysis at the shown frame says, most first, with the best confidence', () => {
    expect(visibleAt(analyses, 3050)).toMatchObject([
      { label: 'car', count: 2 },
      { label: 'person', count: 1 },
    ]);
    expect(visibleAt(analyses, 3050)[1]!.bestScore).toBeCloseTo(0.53);
  });

  it('has been there since it last came, short misses aside', () => {
    expect(visibleAt(analyses, 6500).find((entry) => entry.label === 'dog')!.sinceMs).toBe(6000);
    expect(visibleAt(analyses, 6500).find((entry) => entry.label === 'person')!.sinceMs).toBe(0);
  });

  it('does not look into the future and is nothing when results are old', () => {
    expect(visibleAt(analyses, 950).map((entry) => entry.label)).toEqual(['person']);
    expect(visibleAt(analyses, 20_000)).toEqual([]);
  });
});

describe('counts', () => {
  it('count objects, not sightings, and the most at one time where objects are not followed', () => {
    expect(countClasses(analyses)).toEqual([
      { label: 'dog', objects: 2, analyses: 20 },
      { label: 'car', objects: 2, analyses: 1 },
      { label: 'person', objects: 1, analyses: 70 },
    ]);
  });
});

describe('appearances', () => {
  it('are the stays of objects, newest first', () => {
    const stays = appearances(analyses, 6900, 10);
    expect(stays.map((stay) => [stay.label, stay.firstMs, stay.lastMs, stay.present])).toEqual([
      ['dog', 6000, 6900, true],
      ['dog', 1000, 1900, false],
      ['person', 0, 6900, true],
    ]);
  });

  it('leave out what only flickered, and what has not happened yet', () => {
    const flicker = [analysisAt(0, [['cat', 9]]), analysisAt(100), analysisAt(5000)];
    expect(appearances(flicker, 5000, 10)).toEqual([]);
    expect(appearances(analyses, 500, 10).map((stay) => stay.label)).toEqual(['person']);
  });

  it('are called what they were called most often', () => {
    const fickle = [analysisAt(0, [['car', 1]]), analysisAt(200, [['truck', 1]]), analysisAt(400, [['truck', 1]])];
    expect(appearances(fickle, 400, 10)[0]!.label).toBe('truck');
  });
});

describe('objects per second', () => {
  it('are the most at one time, and null without an analysis', () => {
    expect(objectsPerSecond(analyses, 2000, 9000)).toEqual([1, 3, 1, 1, 2, null, null]);
  });
});
