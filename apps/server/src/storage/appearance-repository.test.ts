import { type Analysis, type Appearance, addToAppearances, interval as intervalSchema } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { AppearanceRepository, type AppearanceRequest } from './appearance-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeAnalysis, makeDetection, makeSession } from './testing/samples.js';

type Ids = { streamId: string; sessionId: string };

onBothDatabases('appearances', (database) => {
  let analyses: AnalysisRepository;
  let appearances: AppearanceRepository;
  beforeEach(() => {
    analyses = new AnalysisRepository(database());
    appearances = new AppearanceRepository(database());
  });
  const query = (ids: Ids, change: Partial<AppearanceRequest> = {}) =>
    appearances.query({
      ...{ streamId: ids.streamId, sessionId: ids.sessionId, limit: 1000, order: 'oldest', certainty: 'raw' },
      ...{ minScore: 0, minStayMs: 0, ...change },
    });
  const tracks = async (ids: Ids, change: Partial<AppearanceRequest> = {}) =>
    (await query(ids, change)).items.map(({ trackId }) => trackId);

  /** Track 1: a sure dog from 0 to 2 s; 2: a raw car at 1 s; 3: a very sure person from 3 to 3.2 s. */
  const scene = async (): Promise<Ids> => {
    const ids = await makeSession(database());
    const dog = { label: 'dog', trackId: 1, confidence: 0.5 };
    await analyses.append([
      makeAnalysis(ids, 0, { detections: [makeDetection({ ...dog, certainty: 'raw', confidence: 0 })] }),
      makeAnalysis(ids, 1000, {
        detections: [
          makeDetection({ ...dog, certainty: 'sure', label: 'cat', shownAs: 'dog' }),
          makeDetection({ label: 'car', trackId: 2, certainty: 'raw', confidence: 0.4 }),
        ],
      }),
      makeAnalysis(ids, 2000, { detections: [makeDetection({ ...dog, certainty: 'sure', score: 0.875 })] }),
      makeAnalysis(ids, 3000, { detections: [makeDetection({ trackId: 3, certainty: 'sure', confidence: 0.75 })] }),
      makeAnalysis(ids, 3200, {
        detections: [makeDetection({ trackId: 3, certainty: 'very_sure', confidence: 0.75 })],
      }),
    ]);
    return ids;
  };

  it('are the fold over what was written, whatever the batches', async () => {
    const frames = fc.array(
      fc.record({
        tick: fc.integer({ min: 0, max: 30 }),
        trackId: fc.option(fc.integer({ min: 1, max: 3 })),
        score: fc.constantFrom(0.25, 0.5, 0.75),
        certainty: fc.constantFrom<'raw' | 'sure' | 'very_sure'>('raw', 'sure', 'very_sure'),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 12 }), async (items, batch) => {
        const ids = await makeSession(database());
        const unique = [...new Map(items.map((item) => [item.tick, item])).values()];
        const written: Analysis[] = unique.map(({ tick, ...change }) =>
          makeAnalysis(ids, tick * 100, { detections: [makeDetection({ ...change, confidence: change.score })] }),
        );
        for (let at = 0; at < written.length; at += batch) await analyses.append(written.slice(at, at + batch));
        const expected = new Map<number, Appearance>();
        for (const analysis of written) addToAppearances(expected, analysis);
        const stored = (await query(ids)).items;
        const order = (a: Appearance, b: Appearance) => a.trackId - b.trackId;
        expect(stored.toSorted(order)).toEqual([...expected.values()].sort(order));
        for (const item of stored) expect(intervalSchema.strict().parse(item)).toEqual(item);
      }),
      { numRuns: 15 },
    );
  });

  it('are found by certainty, confidence, stay, label and time', async () => {
    const ids = await scene();
    expect(await tracks(ids)).toEqual([1, 2, 3]);
    expect(await tracks(ids, { certainty: 'sure' })).toEqual([1, 3]);
    expect(await tracks(ids, { certainty: 'very_sure' })).toEqual([3]);
    expect(await tracks(ids, { minScore: 0.5 })).toEqual([1, 3]);
    expect(await tracks(ids, { minStayMs: 201 })).toEqual([1]);
    expect(await tracks(ids, { labels: ['dog', 'car'] })).toEqual([1, 2]);
    expect(await tracks(ids, { labels: [] })).toEqual([]);
    expect(await tracks(ids, { exceptLabels: ['dog'] })).toEqual([2, 3]);
    expect(await tracks(ids, { from: 1500 })).toEqual([1, 3]);
    expect(await tracks(ids, { to: 1000 })).toEqual([1]);
    expect((await query(ids)).items[0]).toMatchObject({
      ...{ label: 'dog', fromMs: 0, toMs: 2000, sureMs: 1000, verySureMs: null, certainty: 'sure' },
      evidence: [{ ptsMs: 2000, score: 0.875 }],
    });
    expect(await tracks(await makeSession(database()))).toEqual([]);
  });

  it('come in pages both ways, those that begin together in a fixed order', async () => {
    const ids = await makeSession(database());
    const together = Array.from({ length: 5 }, (_, index) => makeDetection({ trackId: index + 1 }));
    await analyses.append([
      makeAnalysis(ids, 0, { detections: together }),
      makeAnalysis(ids, 100, { detections: [makeDetection({ trackId: 6 })] }),
    ]);
    for (const order of ['oldest', 'newest'] as const) {
      const found: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await query(ids, { limit: 2, order, cursor });
        found.push(...page.items.map(({ trackId }) => trackId));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(found).toEqual(order === 'oldest' ? [1, 2, 3, 4, 5, 6] : [6, 5, 4, 3, 2, 1]);
    }
    await expect(query(ids, { cursor: 'IjEi' })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

  it('go with their analyses: by age, and with their session', async () => {
    const ids = await scene();
    await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 2500, 100);
    expect(await tracks(ids)).toEqual([3]);
    await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 10_000, 100);
    expect(await tracks(ids)).toEqual([]);
  });
});
