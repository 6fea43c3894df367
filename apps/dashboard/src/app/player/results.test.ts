import { DEFAULT_FILTER, type ViewerFilter } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { OverlayTimeline } from '../overlay/overlay-timeline';
import { analysisAt } from '../overlay/testing';
import { countClasses, objectsPerSecond, visibleOf } from './results';

/** A person all the time, a dog from 1 s to 2 s and again at 6 s, two cars without a track on one frame. */
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
const all: ViewerFilter = { ...DEFAULT_FILTER, certainty: 'raw' };
const without = (label: string): ViewerFilter => ({ ...all, exceptLabels: [label] });

function visibleAt(ptsMs: number, filter: ViewerFilter = all) {
  const timeline = new OverlayTimeline();
  for (const analysis of analyses) timeline.insert(analysis);
  const boxes = timeline.at(ptsMs).boxes;
  return { boxes, classes: visibleOf(boxes, timeline.range(0, ptsMs + 1), filter) };
}

describe('what is visible', () => {
  it('is what is drawn on the shown frame, with the confidence of the box', () => {
    const { boxes, classes } = visibleAt(3033);
    expect(classes).toMatchObject([
      { label: 'car', count: 2 },
      { label: 'person', count: 1 },
    ]);
    expect(classes[1]!.bestScore).toBe(boxes.find(({ label }) => label === 'person')!.score);
  });

  it('has been there since it last came, short misses aside', () => {
    const since = (label: string) => visibleAt(6500).classes.find((entry) => entry.label === label)!.sinceMs;
    expect([since('dog'), since('person')]).toEqual([6000, 0]);
  });

  it('does not look into the future and is nothing when results are old', () => {
    expect(visibleAt(940).classes.map((entry) => entry.label)).toEqual(['person']);
    expect(visibleAt(20_000).classes).toEqual([]);
  });

  it('leaves out what is not sure enough, and tells what is switched off as such', () => {
    expect(visibleAt(3000, DEFAULT_FILTER).classes.map((entry) => entry.label)).toEqual(['person']);
    expect(visibleAt(6500, without('dog')).classes.map(({ label, shown }) => [label, shown])).toEqual([
      ['dog', false],
      ['person', true],
    ]);
  });
});

describe('counts', () => {
  it('are the most at one time, however many numbers the objects had', () => {
    expect(countClasses(analyses, all)).toEqual([
      { label: 'car', most: 2, analyses: 1 },
      { label: 'person', most: 1, analyses: 70 },
      { label: 'dog', most: 1, analyses: 20 },
    ]);
  });

  it('are of what the viewer wants to see', () => {
    expect(countClasses(analyses, without('person')).map(({ label }) => label)).toEqual(['car', 'dog']);
    expect(countClasses(analyses, DEFAULT_FILTER).map(({ label }) => label)).toEqual(['person', 'dog']);
  });
});

describe('objects per second', () => {
  it('are the most at one time, and null without an analysis', () => {
    const span = { fromMs: 2000, toMs: 9000 };
    expect(objectsPerSecond(analyses, { ...span, filter: all })).toEqual([1, 3, 1, 1, 2, null, null]);
    expect(objectsPerSecond(analyses, { ...span, filter: without('person') })).toEqual([0, 2, 0, 0, 1, null, null]);
  });
});
