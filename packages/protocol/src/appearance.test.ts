import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Analysis, Detection } from './analysis.js';
import { type Appearance, addToAppearances, intervalQuery, mergeAppearances } from './appearance.js';
import { certaintyOf, labelOf } from './viewer-filter.js';

const BOX: Detection['box'] = [0.1, 0.1, 0.2, 0.2];

const detection = fc.record({
  label: fc.constantFrom('person', 'dog'),
  score: fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10),
  box: fc.constant(BOX),
  trackId: fc.option(fc.integer({ min: 1, max: 4 })),
  certainty: fc.constantFrom<Detection['certainty']>('raw', 'sure', 'very_sure'),
  confidence: fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10),
});

/** Analyses of one session, one a frame. */
const analyses = fc
  .uniqueArray(
    fc.record({ tick: fc.integer({ min: 0, max: 50 }), detections: fc.array(detection, { maxLength: 4 }) }),
    {
      selector: ({ tick }) => tick,
      maxLength: 20,
    },
  )
  .map((frames) => frames.map(({ tick, detections }): Analysis => at(tick * 100, onePerTrack(detections))));

function at(ptsMs: number, detections: Detection[]): Analysis {
  const status = 'provisional';
  return {
    streamId: 's',
    sessionId: 'one',
    ptsMs,
    capturedAt: ptsMs,
    completedAt: ptsMs,
    status,
    model: 'm',
    detections,
  };
}

/** A tracker gives a number once a frame. */
function onePerTrack(detections: Detection[]): Detection[] {
  return detections.filter(
    ({ trackId }, index) => trackId === null || detections.findIndex((other) => other.trackId === trackId) === index,
  );
}

function fold(items: readonly Analysis[]): Map<number, Appearance> {
  const appearances = new Map<number, Appearance>();
  for (const item of items) addToAppearances(appearances, item);
  return appearances;
}

const sorted = (appearances: Map<number, Appearance>) =>
  [...appearances.values()].sort((a, b) => a.trackId - b.trackId);

describe('appearances', () => {
  it('are the same in whatever order and however often analyses come, and however they are split', () => {
    fc.assert(
      fc.property(analyses, fc.infiniteStream(fc.nat()), fc.nat(20), (items, keys, split) => {
        const whole = sorted(fold(items));
        const shuffled = items.map((item) => [keys.next().value, item] as const).sort((a, b) => a[0] - b[0]);
        expect(sorted(fold([...shuffled.map(([, item]) => item), ...items.slice(0, split)]))).toEqual(whole);
        const first = fold(items.slice(0, split));
        for (const [track, appearance] of fold(items.slice(split))) {
          const before = first.get(track);
          first.set(track, before ? mergeAppearances(before, appearance) : appearance);
        }
        expect(sorted(first)).toEqual(whole);
      }),
    );
  });

  it('span all sightings of a track, and none of what has no track', () => {
    fc.assert(
      fc.property(analyses, (items) => {
        const appearances = fold(items);
        const tracks = new Set(items.flatMap((item) => item.detections.flatMap(({ trackId }) => trackId ?? [])));
        expect(new Set(appearances.keys())).toEqual(tracks);
        for (const [track, { fromMs, toMs, score, sureMs }] of appearances) {
          const seen = items.filter((item) => item.detections.some(({ trackId }) => trackId === track));
          expect(fromMs).toBe(Math.min(...seen.map(({ ptsMs }) => ptsMs)));
          expect(toMs).toBe(Math.max(...seen.map(({ ptsMs }) => ptsMs)));
          const own = seen.flatMap((item) => item.detections.filter(({ trackId }) => trackId === track));
          expect(score).toBe(Math.max(...own.map(({ confidence }) => confidence ?? 0)));
          expect(sureMs === null).toBe(own.every(({ certainty }) => certainty === 'raw'));
        }
      }),
    );
  });

  it('begin where the object was first seen, also when that analysis is not at hand', () => {
    const late = at(5000, [{ label: 'dog', score: 0.8, box: BOX, trackId: 1, certainty: 'sure', ageMs: 4000 }]);
    expect(fold([late]).get(1)).toMatchObject({ fromMs: 1000, toMs: 5000 });
  });

  it('read results that were not judged as they were drawn then', () => {
    const old: Detection = { label: 'dog', score: 0.3, box: BOX, trackId: 1 };
    expect([certaintyOf(old), certaintyOf({ ...old, trackId: null })]).toEqual(['sure', 'raw']);
    expect(fold([at(0, [old]), at(100, [{ ...old, score: 0.6 }])]).get(1)).toMatchObject({
      certainty: 'sure',
      score: 0.6,
    });
  });

  it('are called as their object is, not as a frame calls it', () => {
    const odd: Detection = { label: 'truck', shownAs: 'car', score: 0.5, box: BOX, trackId: 1 };
    expect(labelOf(odd)).toBe('car');
    expect(fold([at(0, [odd])]).get(1)!.label).toBe('car');
  });
});

describe('the query of intervals', () => {
  it('asks for sure ones unless told otherwise, and takes labels as a list', () => {
    expect(intervalQuery.parse({ labels: 'person,sports ball', exceptLabels: '' })).toMatchObject({
      ...{ certainty: 'sure', kind: 'appearance', order: 'oldest', limit: 100, minScore: 0, minStayMs: 0 },
      ...{ labels: ['person', 'sports ball'], exceptLabels: [] },
    });
    for (const wrong of [{ certainty: 'perhaps' }, { minScore: '2' }, { minStayMs: '-1' }, { kind: 'alarm' }]) {
      expect(intervalQuery.safeParse(wrong).success).toBe(false);
    }
  });
});
