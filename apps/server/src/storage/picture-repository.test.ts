import { beforeEach, expect, it } from 'vitest';
import { PictureRepository } from './picture-repository.js';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeSegment, makeSession } from './testing/samples.js';

onBothDatabases('pictures', (database) => {
  let ids: { streamId: string; sessionId: string };
  let pictures: PictureRepository;
  let sessions: SessionRepository;
  beforeEach(async () => {
    ids = await makeSession(database());
    pictures = new PictureRepository(database());
    sessions = new SessionRepository(database());
  });
  const add = async (...times: readonly number[]) => {
    for (const ptsMs of times) await pictures.add({ sessionId: ids.sessionId, ptsMs, bytes: 100 });
  };
  const size = async () => (await sessions.get(ids.streamId, ids.sessionId)).storedBytes;
  const outlived = async () => (await pictures.listOutlived(ids.streamId, 100)).map(({ ptsMs }) => ptsMs);

  it('are found by the moment: the one before it, and the first one before all of them', async () => {
    expect(await pictures.nearest(ids.sessionId, 1000)).toBeNull();
    await add(200, 5200, 10_200);
    expect(await pictures.nearest(ids.sessionId, 0)).toEqual({ ptsMs: 200, settled: true });
    expect(await pictures.nearest(ids.sessionId, 5200)).toEqual({ ptsMs: 5200, settled: true });
    expect(await pictures.nearest(ids.sessionId, 10_100.7)).toEqual({ ptsMs: 5200, settled: true });
    expect(await pictures.nearest(ids.sessionId, 1e300)).toEqual({ ptsMs: 10_200, settled: false });
  });

  it('tell which sessions have any', async () => {
    expect(await pictures.ofWhich([ids.sessionId])).toEqual(new Set());
    await add(0, 5000);
    expect(await pictures.ofWhich([ids.sessionId, 'nobody'])).toEqual(new Set([ids.sessionId]));
    expect(await pictures.ofWhich([])).toEqual(new Set());
  });

  it('count into the size of their session, once', async () => {
    await add(0, 5000, 5000);
    expect(await size()).toBe(200);
    await pictures.remove(ids.sessionId, [5000, 7000]);
    expect(await size()).toBe(100);
    expect(await pictures.add({ sessionId: 'nobody', ptsMs: 0, bytes: 1 })).toBe(false);
  });

  it('are outlived when the media that they show are gone, all of them when none are left', async () => {
    await add(0, 5000, 10_000);
    expect(await outlived()).toEqual([]);
    await new SegmentRepository(database()).add(makeSegment(ids.sessionId, 3));
    expect(await outlived()).toEqual([0, 5000]);
    const segments = await new SegmentRepository(database()).listForSession(ids.sessionId);
    await new SegmentRepository(database()).remove(segments.map(({ id }) => id));
    expect(await outlived()).toEqual([]);
    await sessions.end(ids.sessionId, { endedAt: EPOCH_AT + 12_000, endReason: 'publisher_ended' });
    expect((await outlived()).sort((a, b) => a - b)).toEqual([0, 5000, 10_000]);
  });
});
