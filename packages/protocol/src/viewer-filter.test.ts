import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from './analysis.js';
import { type Appearance, countsFromMs, sightedBy } from './appearance.js';
import {
  countsForViewer,
  DEFAULT_FILTER,
  filterQuery,
  sightedIn,
  type ViewerFilter,
  viewerFilter,
  wantsLabel,
} from './viewer-filter.js';

const dog: Detection = {
  ...{ label: 'dog', score: 0.2, box: [0, 0, 0.1, 0.1], trackId: 1 },
  ...{ certainty: 'sure', confidence: 0.5, ageMs: 400 },
};
const stay: Appearance = {
  ...{ id: 's-1', kind: 'appearance', label: 'dog', fromMs: 1000, toMs: 3000, score: 0.5, status: 'provisional' },
  ...{ coverage: null, evidence: [], sessionId: 's', trackId: 1, model: 'm' },
  ...{ certainty: 'sure', sureMs: 1300, verySureMs: null },
};
const filter = (change: Partial<ViewerFilter>): ViewerFilter => ({ ...DEFAULT_FILTER, ...change });
const shows = (detection: Detection, change: Partial<ViewerFilter>) =>
  countsForViewer(sightedIn(detection), filter(change));

describe('what counts for a viewer', () => {
  it('are sure objects unless they want all, or very sure ones only', () => {
    const shown = (certainty: ViewerFilter['certainty']) =>
      (['raw', 'sure', 'very_sure'] as const).filter((level) => shows({ ...dog, certainty: level }, { certainty }));
    expect(shown('raw')).toEqual(['raw', 'sure', 'very_sure']);
    expect(shown('sure')).toEqual(['sure', 'very_sure']);
    expect(shown('very_sure')).toEqual(['very_sure']);
  });

  it('goes by the confidence and the age of the object, not by the frame', () => {
    expect(shows(dog, { minScore: 0.5, minStayMs: 400 })).toBe(true);
    expect(shows(dog, { minScore: 0.51 })).toBe(false);
    expect(shows(dog, { minStayMs: 401 })).toBe(false);
  });

  it('is by the label of the object', () => {
    expect(shows({ ...dog, label: 'cat', shownAs: 'dog' }, { labels: ['dog'] })).toBe(true);
    expect(shows({ ...dog, label: 'dog', shownAs: 'cat' }, { labels: ['dog'] })).toBe(false);
    expect(shows(dog, { exceptLabels: ['dog'] })).toBe(false);
    expect([wantsLabel(DEFAULT_FILTER, 'never seen'), wantsLabel(filter({ labels: [] }), 'dog')]).toEqual([
      true,
      false,
    ]);
  });

  it('is the same for detections and appearances', () => {
    for (const change of [{}, { minScore: 0.6 }, { certainty: 'very_sure' as const }, { labels: [] }])
      expect(countsForViewer(sightedBy(stay), filter(change))).toBe(shows(dog, change));
    expect(countsForViewer(sightedBy(stay), filter({ minStayMs: 2000 }))).toBe(true);
    expect(countsForViewer(sightedBy(stay), filter({ minStayMs: 2001 }))).toBe(false);
  });

  it('counts from the frame on which the box is drawn first', () => {
    expect(countsFromMs(stay, DEFAULT_FILTER)).toBe(1300);
    expect(countsFromMs(stay, filter({ certainty: 'raw' }))).toBe(1000);
    expect(countsFromMs(stay, filter({ minStayMs: 1500 }))).toBe(2500);
  });
});

describe('the filter as a query', () => {
  it('is short where it is the default', () => {
    expect(filterQuery(DEFAULT_FILTER).toString()).toBe('certainty=sure');
  });

  it('comes back as it was', () => {
    const labels = fc.option(fc.uniqueArray(fc.constantFrom('dog', 'sports ball', 'Hütte')), { nil: undefined });
    const filters: fc.Arbitrary<ViewerFilter> = fc.record({
      certainty: fc.constantFrom('raw', 'sure', 'very_sure'),
      minScore: fc.integer({ min: 0, max: 20 }).map((step) => step / 20),
      minStayMs: fc.nat(60_000),
      labels,
      exceptLabels: labels.map((list) => (list?.length === 0 ? undefined : list)),
    });
    fc.assert(
      fc.property(filters, (wanted) => {
        expect(viewerFilter.parse(Object.fromEntries(filterQuery(wanted)))).toEqual(wanted);
      }),
    );
  });
});
