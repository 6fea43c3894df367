import { type Analysis, analysis as analysisSchema } from '@media-analyzer/protocol';
import { beforeEach, expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { SessionRepository } from './session-repository.js';
import { StreamRepository } from './stream-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeAnalysis, makeDetection, makeSession } from './testing/samples.js';

onBothDatabases('analyses', (database) => {
  let analyses: AnalysisRepository;
  beforeEach(() => {
    analyses = new AnalysisRepository(database());
  });
  const all = async (ids: { streamId: string; sessionId: string }) =>
    (await analyses.query({ ...ids, limit: 1000 })).items;

  it('are read back as they were written, detections in their order', async () => {
    const ids = await makeSession(database());
    const written = makeAnalysis(ids, 33.367, {
      detections: [
        makeDetection({ label: 'dining table' }),
        makeDetection({ label: 'it\'s "quoted" \\ 人', trackId: null, score: 1 }),
        makeDetection({ box: [0, 0, 1, 1], score: 0 }),
      ],
    });
    const empty = makeAnalysis(ids, 66.733, { detections: [] });
    expect(await analyses.append([written, empty])).toEqual({ written: 2, outranked: 0, orphaned: 0 });
    const read = await all(ids);
    expect(read).toEqual([written, empty]);
    for (const item of read) expect(analysisSchema.strict().parse(item)).toEqual(item);
  });

  it('keep scores and boxes to a millionth', async () => {
    const ids = await makeSession(database());
    const box: Analysis['detections'][number]['box'] = [0.123456789, 1 / 3, 2 / 7, 0.99999999];
    await analyses.append([makeAnalysis(ids, 0, { detections: [makeDetection({ box, score: 0.87654321 })] })]);
    const [detection] = (await all(ids))[0]!.detections;
    expect(detection!.score).toBeCloseTo(0.87654321, 6);
    for (const [index, value] of box.entries()) expect(detection!.box[index]).toBeCloseTo(value, 6);
  });

  it('turn from provisional to final, and never back', async () => {
    const ids = await makeSession(database());
    const provisional = makeAnalysis(ids, 100, { detections: [makeDetection(), makeDetection({ label: 'dog' })] });
    const final = makeAnalysis(ids, 100.0000001, {
      status: 'final',
      model: 'yolox-s',
      detections: [makeDetection({ label: 'cat' })],
    });
    await analyses.append([provisional]);
    expect(await analyses.append([final])).toEqual({ written: 1, outranked: 0, orphaned: 0 });
    expect(await analyses.append([provisional])).toEqual({ written: 0, outranked: 1, orphaned: 0 });
    expect(await all(ids)).toEqual([{ ...final, ptsMs: 100 }]);
  });

  it('keep one of a frame that a batch has twice: the final one, else the last', async () => {
    const ids = await makeSession(database());
    const at = (ptsMs: number, model: string, status: Analysis['status'] = 'provisional') =>
      makeAnalysis(ids, ptsMs, { model, status });
    await analyses.append([at(0, 'a', 'final'), at(0, 'b'), at(50, 'c'), at(50, 'd')]);
    expect((await all(ids)).map(({ model }) => model)).toEqual(['a', 'd']);
  });

  it('leave out those of a session that is gone, and write the rest', async () => {
    const [gone, ids] = [await makeSession(database()), await makeSession(database())];
    await new StreamRepository(database()).remove(gone.streamId);
    expect(await analyses.append([makeAnalysis(gone, 0), makeAnalysis(ids, 0)])).toEqual({
      written: 1,
      outranked: 0,
      orphaned: 1,
    });
    expect(await analyses.append([makeAnalysis(gone, 0)])).toEqual({ written: 0, outranked: 0, orphaned: 1 });
    expect(await all(ids)).toHaveLength(1);
  });

  it('are written whole or not at all', async () => {
    const ids = await makeSession(database());
    const broken = makeAnalysis(ids, 40, { detections: [makeDetection({ label: 'nul \0' })] });
    await expect(analyses.append([makeAnalysis(ids, 0), broken])).rejects.toThrow();
    expect(await all(ids)).toEqual([]);
  });

  it('come in pages in order of time, however they were written', async () => {
    const ids = await makeSession(database());
    const written = Array.from({ length: 25 }, (_, index) => makeAnalysis(ids, index * 33.367));
    await analyses.append([...written].reverse());
    const seen: number[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await analyses.query({ ...ids, limit: 10, cursor });
      seen.push(...page.items.map(({ ptsMs }) => ptsMs));
      cursor = page.nextCursor ?? undefined;
      pages++;
    } while (cursor !== undefined);
    expect(pages).toBe(3);
    expect(seen).toEqual(written.map(({ ptsMs }) => Math.round(ptsMs * 1000) / 1000));
  });

  it('are found from a moment on, inclusive, up to another, exclusive', async () => {
    const ids = await makeSession(database());
    const other = await makeSession(database());
    await analyses.append([...[0, 100, 200, 300].map((ptsMs) => makeAnalysis(ids, ptsMs)), makeAnalysis(other, 150)]);
    const found = await analyses.query({ ...ids, fromMs: 100, toMs: 300, limit: 10 });
    expect(found.items.map(({ ptsMs }) => ptsMs)).toEqual([100, 200]);
    const foreign = await analyses.query({ streamId: ids.streamId, sessionId: other.sessionId, limit: 10 });
    expect(foreign.items).toEqual([]);
  });

  it.each(['x', 'LTE', 'bnVsbA', 'IjEi'])('refuse the cursor "%s"', async (cursor) => {
    const ids = { streamId: 'a', sessionId: 'b' };
    await expect(analyses.query({ ...ids, limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

  it('are removed by age, oldest first, some at a time, over all sessions of their stream', async () => {
    const ids = await makeSession(database());
    const later = await new SessionRepository(database()).start({ streamId: ids.streamId, epochAt: EPOCH_AT + 10_000 });
    const other = await makeSession(database());
    const laterIds = { streamId: ids.streamId, sessionId: later.id };
    await analyses.append([0, 1000, 2000, 3000].map((ptsMs) => makeAnalysis(ids, ptsMs)));
    await analyses.append([makeAnalysis(laterIds, 0), makeAnalysis(other, 0)]);
    expect(await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 2500, 2)).toBe(2);
    expect((await all(ids)).map(({ ptsMs }) => ptsMs)).toEqual([2000, 3000]);
    expect(await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 2500, 2)).toBe(1);
    expect(await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 2500, 2)).toBe(0);
    expect([await all(ids), await all(laterIds), await all(other)].map(({ length }) => length)).toEqual([1, 1, 1]);
  });
});
