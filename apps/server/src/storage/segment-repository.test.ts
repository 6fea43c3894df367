import { beforeEach, expect, it } from 'vitest';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeSegment, makeSession, SESSION_START } from './testing/samples.js';

onBothDatabases('segments', (database) => {
  let segments: SegmentRepository;
  let sessions: SessionRepository;
  beforeEach(() => {
    segments = new SegmentRepository(database());
    sessions = new SessionRepository(database());
  });
  const fill = async (sessionId: string, count: number) => {
    for (let msn = 0; msn < count; msn++) await segments.add(makeSegment(sessionId, msn));
  };

  it('are listed in order of time, with all that a playlist needs', async () => {
    const { sessionId } = await makeSession(database());
    const written = [
      makeSegment(sessionId, 0, { startMs: 12.345, durationMs: 2001.5 }),
      makeSegment(sessionId, 1, { startMs: 2013.845, discontinuity: true, independent: false, initName: 'init-1.mp4' }),
      makeSegment(sessionId, 2, { startMs: 4013.845, gap: true, bytes: 0 }),
    ];
    for (const segment of [...written].reverse()) expect(await segments.add(segment)).toBe(true);
    const listed = await segments.listForSession(sessionId);
    expect(listed.map(({ id: _, ...segment }) => segment)).toEqual(written);
  });

  it('are found by the stretch of time that they touch', async () => {
    const { sessionId } = await makeSession(database());
    await fill(sessionId, 5);
    const msns = async (range: { fromMs?: number; toMs?: number }) =>
      (await segments.listForSession(sessionId, range)).map(({ msn }) => msn);
    expect(await msns({ fromMs: 4000 })).toEqual([2, 3, 4]);
    expect(await msns({ fromMs: 3999.9, toMs: 6000 })).toEqual([1, 2]);
    expect(await msns({ toMs: 0 })).toEqual([]);
    expect(await msns({ fromMs: 10_000 })).toEqual([]);
  });

  it('count once when they are added twice', async () => {
    const { sessionId, streamId } = await makeSession(database());
    for (let time = 0; time < 2; time++) {
      await segments.addInit({ sessionId, name: 'init-0.mp4', bytes: 700, codecs: ['avc1.64001f', 'mp4a.40.2'] });
      await segments.add(makeSegment(sessionId, 0));
    }
    expect(await segments.totals(streamId)).toEqual({ segments: 1, bytes: 1700 });
    expect(await segments.listInits(sessionId)).toMatchObject([
      { name: 'init-0.mp4', bytes: 700, codecs: ['avc1.64001f', 'mp4a.40.2'], video: null },
    ]);
  });

  it('count no bytes for media that were lost', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await segments.add(makeSegment(sessionId, 0, { gap: true, bytes: 5000 }));
    expect(await segments.totals(streamId)).toEqual({ segments: 1, bytes: 0 });
  });

  it('keep the totals right when many are added and removed at once', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await Promise.all(Array.from({ length: 20 }, (_, msn) => segments.add(makeSegment(sessionId, msn))));
    const ids = (await segments.listForSession(sessionId)).map(({ id }) => id);
    await Promise.all([
      segments.remove(ids.slice(0, 8)),
      segments.remove(ids.slice(4, 12)),
      segments.add(makeSegment(sessionId, 20)),
    ]);
    expect(await segments.totals(streamId)).toEqual({ segments: 9, bytes: 9000 });
    expect(await sessions.find(sessionId)).toMatchObject({ storedBytes: 9000, durationMs: 42_000 });
  });

  it('are oldest in the oldest session of the stream', async () => {
    const { sessionId: first, streamId } = await makeSession(database());
    const { id: second } = await sessions.start({ streamId, epochAt: EPOCH_AT + 60_000, startedAt: EPOCH_AT + 60_000 });
    await segments.add(makeSegment(second, 0));
    await fill(first, 2);
    await sessions.end(first, { endedAt: EPOCH_AT + 4000, endReason: 'publisher_ended' });
    const oldest = await segments.oldest(streamId, 10);
    expect(
      oldest.map(({ sessionId, msn, endedAt, live, behindLiveMs }) => ({
        sessionId,
        msn,
        endedAt,
        live,
        behindLiveMs,
      })),
    ).toEqual([
      { sessionId: first, msn: 0, endedAt: EPOCH_AT + 2000, live: false, behindLiveMs: 2000 },
      { sessionId: first, msn: 1, endedAt: EPOCH_AT + 4000, live: false, behindLiveMs: 0 },
      { sessionId: second, msn: 0, endedAt: EPOCH_AT + 62_000, live: true, behindLiveMs: 0 },
    ]);
    expect(await segments.oldest(streamId, 1)).toHaveLength(1);
  });

  it('name the init segments that none of them needs any more, of ended sessions alone', async () => {
    const { sessionId, streamId } = await makeSession(database());
    const { id: onAir } = await sessions.start({ streamId, ...SESSION_START });
    for (const name of ['init-0.mp4', 'init-1.mp4']) await segments.addInit({ sessionId, name, bytes: 700 });
    await segments.addInit({ sessionId: onAir, name: 'init-0.mp4', bytes: 700 });
    await segments.add(makeSegment(sessionId, 0, { initName: 'init-1.mp4' }));
    expect(await segments.listUnusedInits(streamId)).toEqual([]);
    await sessions.end(sessionId, { endedAt: EPOCH_AT + 2000, endReason: 'publisher_ended' });
    expect(await segments.listUnusedInits(streamId)).toEqual([{ sessionId, name: 'init-0.mp4' }]);
    await segments.removeInit(sessionId, 'init-0.mp4');
    expect(await segments.totals(streamId)).toEqual({ segments: 1, bytes: 2400 });
    expect([...(await segments.objectNames(sessionId))].sort()).toEqual(['init-1.mp4', 'seg-0.m4s']);
  });
});
