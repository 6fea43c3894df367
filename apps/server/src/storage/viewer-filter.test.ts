import {
  countsFromMs as countsFromInCode,
  countsForViewer as countsInCode,
  sightedBy,
  type ViewerFilter,
} from '@media-analyzer/protocol';
import { and, eq } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { AppearanceRepository } from './appearance-repository.js';
import { appearances } from './schema.js';
import { onBothDatabases } from './testing/databases.js';
import { makeAnalysis, makeDetection, makeSession } from './testing/samples.js';
import { countsForViewer, countsFromMs } from './viewer-filter.js';

const level = fc.constantFrom('raw' as const, 'sure' as const, 'very_sure' as const);
/** As in the pages' menus: steps of 5 %. */
const share = fc.integer({ min: 0, max: 20 }).map((step) => step / 20);
const label = fc.constantFrom('dog', 'cat', 'sports ball');
const labels = fc.option(fc.uniqueArray(label), { nil: undefined });
const filters: fc.Arbitrary<ViewerFilter> = fc.record({
  ...{ certainty: level, minScore: share, minStayMs: fc.constantFrom(0, 500, 1000, 2000) },
  ...{ labels, exceptLabels: labels },
});
const sightings = fc.uniqueArray(
  fc.record({
    ...{ tick: fc.nat(6), trackId: fc.integer({ min: 1, max: 4 }), label, certainty: level, confidence: share },
  }),
  { selector: ({ tick, trackId }) => `${tick} ${trackId}`, minLength: 1, maxLength: 12 },
);

onBothDatabases('what counts for a viewer', (database) => {
  it('is the same in SQL as in code, and from the same moment on', async () => {
    await fc.assert(
      fc.asyncProperty(sightings, fc.array(filters, { minLength: 1, maxLength: 8 }), async (seen, wanted) => {
        const ids = await makeSession(database());
        await new AnalysisRepository(database()).append(
          [...new Set(seen.map(({ tick }) => tick))].map((tick) => {
            const frame = seen.filter((one) => one.tick === tick);
            return makeAnalysis(ids, tick * 500, {
              detections: frame.map(({ tick: _, ...one }) => makeDetection(one)),
            });
          }),
        );
        const everything: ViewerFilter = { certainty: 'raw', minScore: 0, minStayMs: 0 };
        const { items } = await new AppearanceRepository(database()).query({
          ...{ ...ids, ...everything, limit: 1000, order: 'oldest' },
        });
        for (const filter of wanted) {
          const found = await database().run((orm) =>
            orm
              .select({ trackId: appearances.trackId, fromMs: countsFromMs(filter) })
              .from(appearances)
              .where(and(eq(appearances.sessionId, ids.sessionId), ...countsForViewer(filter)))
              .orderBy(appearances.trackId),
          );
          const expected = items
            // Single precision on the way: the confidence comes back a hair beside what was written.
            .map((item) => ({ ...item, score: Math.round(item.score * 1e6) / 1e6 }))
            .filter((item) => countsInCode(sightedBy(item), filter))
            .map((item) => ({ trackId: item.trackId, fromMs: countsFromInCode(item, filter) }));
          expect(found).toEqual(expected.sort((a, b) => a.trackId - b.trackId));
        }
      }),
      { numRuns: 15 },
    );
  });
});
