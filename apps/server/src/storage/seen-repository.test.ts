import { DEFAULT_FILTER, MAX_PRESENCE_BINS, type ViewerFilter } from '@media-analyzer/protocol';
import { sql } from 'drizzle-orm';
import { beforeEach, expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { SeenRepository } from './seen-repository.js';
import { SessionRepository } from './session-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeAnalysis, makeDetection, makeSession } from './testing/samples.js';

const object = (trackId: number, label: string, change: Partial<ReturnType<typeof makeDetection>> = {}) =>
  makeDetection({ trackId, label, certainty: 'sure', confidence: 0.75, ...change });
const dog = object(1, 'dog');
const puppy = object(2, 'dog');
const person = object(3, 'person');

onBothDatabases('what was seen', (database) => {
  let ids: { streamId: string; sessionId: string };
  let analyses: AnalysisRepository;
  let seen: SeenRepository;
  beforeEach(async () => {
    ids = await makeSession(database());
    analyses = new AnalysisRepository(database());
    seen = new SeenRepository(database());
  });
  const append = (...frames: (readonly [ptsMs: number, detections: readonly (typeof dog)[]])[]) =>
    analyses.append(frames.map(([ptsMs, detections]) => makeAnalysis(ids, ptsMs, { detections: [...detections] })));
  const presence = (fromMs: number, toMs: number, change: Partial<ViewerFilter> & { everyMs?: number } = {}) => {
    const { everyMs, ...filter } = change;
    return seen.presence({ sessionId: ids.sessionId, fromMs, toMs, everyMs, filter: { ...DEFAULT_FILTER, ...filter } });
  };
  const classes = async (change: Partial<ViewerFilter> = {}) =>
    (await seen.classesOf([ids.sessionId], { ...DEFAULT_FILTER, ...change })).get(ids.sessionId) ?? [];

  it('is told by second: the most at one time, when a class came, and where nobody looked', async () => {
    await append([100, [dog]], [900, [dog, puppy, person]], [1100, []], [3000, [object(4, 'person')]]);
    expect(await presence(0, 4000)).toEqual({
      sessionId: ids.sessionId,
      fromMs: 0,
      everyMs: 1000,
      analysed: [2, 1, 0, 1],
      classes: [
        { label: 'dog', most: [2, 0, 0, 0], comesMs: [100] },
        { label: 'person', most: [1, 0, 0, 1], comesMs: [900, 3000] },
      ],
    });
  });

  it('counts a second once that is written in two batches, and a frame once that is written again', async () => {
    await append([100, [dog]]);
    await append([500, [dog, puppy]], [100, [dog]]);
    await append([2500, [dog]]);
    expect((await presence(0, 3000)).analysed).toEqual([2, 0, 1]);
    expect(await classes()).toEqual([{ label: 'dog', most: 2, seconds: 3 }]);
  });

  it('is what counts for the viewer: by level, confidence, stay and class, from when it does', async () => {
    const cat = (certainty: 'raw' | 'sure' | 'very_sure') => object(1, 'cat', { certainty, confidence: 0.5 });
    await append([0, [cat('raw')]], [2000, [cat('sure')]], [4000, [cat('very_sure'), object(2, 'bus')]]);
    const lanes = async (change: Partial<ViewerFilter>) =>
      Object.fromEntries((await presence(0, 5000, change)).classes.map(({ label, comesMs }) => [label, comesMs]));
    expect(await lanes({ certainty: 'raw' })).toEqual({ cat: [0], bus: [4000] });
    expect(await lanes({})).toEqual({ cat: [2000], bus: [4000] });
    expect(await lanes({ certainty: 'very_sure' })).toEqual({ cat: [4000] });
    expect(await lanes({ minScore: 0.6 })).toEqual({ bus: [4000] });
    expect(await lanes({ certainty: 'raw', minStayMs: 3000 })).toEqual({ cat: [3000] });
    expect(await lanes({ labels: ['bus'] })).toEqual({ bus: [4000] });
    expect(await lanes({ exceptLabels: ['bus'] })).toEqual({ cat: [2000] });
    expect(await lanes({ labels: [] })).toEqual({});
    expect((await presence(0, 5000)).classes[1]).toEqual({ label: 'cat', most: [0, 0, 1, 1, 1], comesMs: [2000] });
    expect(await classes({ certainty: 'raw' })).toEqual([
      { label: 'cat', most: 1, seconds: 4 },
      { label: 'bus', most: 1, seconds: 1 },
    ]);
    expect((await classes({ certainty: 'very_sure' })).map(({ label }) => label)).toEqual(['cat']);
  });

  it('widens columns to whole seconds, to what is asked for, and to what an answer holds', async () => {
    await append([1500, [dog]], [61_000, [person]]);
    const minutes = await presence(0, 90_000, { everyMs: 60_000 });
    expect([minutes.everyMs, minutes.analysed]).toEqual([60_000, [1, 1]]);
    const from = await presence(59_500, 62_000, { everyMs: 1500 });
    expect([from.fromMs, from.everyMs, from.analysed]).toEqual([58_000, 2000, [0, 1]]);
    const week = await presence(0, 7 * 86_400_000);
    expect(week.analysed.length).toBeLessThanOrEqual(MAX_PRESENCE_BINS);
    expect(week.analysed.reduce((sum, frames) => sum + frames, 0)).toBe(2);
  });

  it('reads of a long session only what was still there, by the index', async () => {
    await database().run(async (orm) => {
      await orm.execute(sql`
        insert into appearances select ${ids.sessionId}, i, 'dog', i * 1000, i * 1000 + 500, 0.5, 'provisional', 'm', 1, i * 1000, null,
          i * 1000, 0.5, array[0, 0, 1, 1] from generate_series(1, 28800) i`);
      await orm.execute(sql`analyze appearances`);
    });
    const lastMinute = await presence(28_740_000, 28_800_000);
    expect(lastMinute.classes[0]?.most).toEqual(new Array(60).fill(1));
    const { rows } = await database().run((orm) =>
      orm.execute<{ 'QUERY PLAN': string }>(sql`
        explain select label from appearances
        where session_id = ${ids.sessionId} and from_ms < 28800000 and to_ms >= 28740000 group by 1`),
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('appearances_by_end');
  });

  it('goes with its analyses by age, and with its session', async () => {
    await append([100, [dog]], [5000, [person]]);
    await analyses.removeOlderThan(ids.streamId, EPOCH_AT + 3000, 100);
    await seen.removeOlderThan(ids.streamId, EPOCH_AT + 3000);
    expect((await presence(0, 6000)).analysed).toEqual([0, 0, 0, 0, 0, 1]);
    expect(await classes()).toEqual([{ label: 'person', most: 1, seconds: 1 }]);
    const sessions = new SessionRepository(database());
    expect(await sessions.remove(ids.sessionId)).toBe(false);
    await sessions.end(ids.sessionId, { endedAt: EPOCH_AT + 6000, endReason: 'publisher_ended' });
    expect(await sessions.remove(ids.sessionId)).toBe(true);
    expect(await presence(0, 6000)).toMatchObject({ analysed: [0, 0, 0, 0, 0, 0], classes: [] });
    expect(await classes()).toEqual([]);
  });
});
