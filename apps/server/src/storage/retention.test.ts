import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Logger, silentLog } from '../log.js';
import { AnalysisRepository } from './analysis-repository.js';
import { FolderObjectStore } from './folder-object-store.js';
import { mediaKey, mediaPrefix } from './object-keys.js';
import { PictureRepository, pictureName } from './picture-repository.js';
import { RetentionJob, type RetentionOptions } from './retention.js';
import { SeenRepository } from './seen-repository.js';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { type StreamRecord, StreamRepository } from './stream-repository.js';
import { sweepOrphans } from './sweep.js';
import { onBothDatabases } from './testing/databases.js';
import { makeFolder, type TestFolder } from './testing/folders.js';
import { EPOCH_AT, makeAnalysis, makeSegment, makeSession } from './testing/samples.js';

const INIT_BYTES = 500;

onBothDatabases('retention', (database) => {
  let folder: TestFolder;
  let store: FolderObjectStore;
  let parts: {
    streams: StreamRepository;
    sessions: SessionRepository;
    segments: SegmentRepository;
    analyses: AnalysisRepository;
    pictures: PictureRepository;
    seen: SeenRepository;
  };
  beforeEach(async () => {
    folder = await makeFolder();
    store = await FolderObjectStore.open({ folder: folder.path });
    parts = {
      streams: new StreamRepository(database()),
      sessions: new SessionRepository(database()),
      segments: new SegmentRepository(database()),
      analyses: new AnalysisRepository(database()),
      pictures: new PictureRepository(database()),
      seen: new SeenRepository(database()),
    };
  });
  afterEach(() => folder.remove());

  const job = (options: Partial<RetentionOptions> = {}) =>
    new RetentionJob({ ...parts, store, log: silentLog, now: () => EPOCH_AT + 100_000, ...options });

  /** A session with `count` segments of 1000 bytes and two seconds, their objects, and an analysis for each. */
  async function air(count: number, { ended = true, retention = {} as Partial<StreamRecord['retention']> } = {}) {
    const made = await makeSession(database(), { maxAgeMs: null, maxBytes: null, ...retention });
    const { streamId, sessionId } = made;
    await store.put(mediaKey(streamId, sessionId, 'init-0.mp4'), new Uint8Array(INIT_BYTES));
    await parts.segments.addInit({ sessionId, name: 'init-0.mp4', bytes: INIT_BYTES });
    for (let msn = 0; msn < count; msn++) {
      await store.put(mediaKey(streamId, sessionId, `seg-${msn}.m4s`), new Uint8Array(1000));
      await parts.segments.add(makeSegment(sessionId, msn));
    }
    await parts.analyses.append(Array.from({ length: count }, (_, msn) => makeAnalysis(made, msn * 2000)));
    if (ended) await parts.sessions.end(sessionId, { endedAt: EPOCH_AT + count * 2000, endReason: 'publisher_ended' });
    return made;
  }
  const objects = async (streamId: string) => {
    const names: string[] = [];
    for await (const { key } of store.list(mediaPrefix(streamId))) names.push(path.basename(key));
    return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  };
  const rows = async (sessionId: string) => (await parts.segments.listForSession(sessionId)).map(({ name }) => name);
  const analysisTimes = async (ids: { streamId: string; sessionId: string }) =>
    (await parts.analyses.query({ ...ids, limit: 1000 })).items.map(({ ptsMs }) => ptsMs);

  it('leaves everything where there is no limit', async () => {
    const { stream, sessionId } = await air(3);
    expect(await job({ now: () => EPOCH_AT * 2 }).enforce(stream)).toMatchObject({
      removedSegments: 0,
      removedAnalyses: 0,
      removedSessions: 0,
    });
    expect(await rows(sessionId)).toHaveLength(3);
  });

  it('by size removes the oldest media until the rest fits, and keeps what was seen in them', async () => {
    const { stream, streamId, sessionId, ...ids } = await air(5, { retention: { maxBytes: 3500 } });
    expect(await job().enforce(stream)).toMatchObject({
      removedSegments: 2,
      removedBytes: 2000,
      removedAnalyses: 0,
      failures: 0,
    });
    expect(await rows(sessionId)).toEqual(['seg-2.m4s', 'seg-3.m4s', 'seg-4.m4s']);
    expect(await objects(streamId)).toEqual(['init-0.mp4', 'seg-2.m4s', 'seg-3.m4s', 'seg-4.m4s']);
    expect((await parts.sessions.find(sessionId))?.storedBytes).toBe(3500);
    expect(await analysisTimes({ streamId, sessionId, ...ids })).toHaveLength(5);
  });

  it('by age removes media and analyses that ended before, and nothing younger', async () => {
    const made = await air(5, { retention: { maxAgeMs: 100_000 - 4500 } });
    expect(await job().enforce(made.stream)).toMatchObject({ removedSegments: 2, removedAnalyses: 3 });
    expect(await rows(made.sessionId)).toEqual(['seg-2.m4s', 'seg-3.m4s', 'seg-4.m4s']);
    expect(await analysisTimes(made)).toEqual([6000, 8000]);
  });

  it('leaves nothing of a session of which all is too old', async () => {
    const { stream, streamId, sessionId } = await air(3, { retention: { maxAgeMs: 60_000 } });
    await parts.sessions.addGap(sessionId, { fromMs: 0, toMs: 1, reason: 'clock_jump' });
    expect(await job().enforce(stream)).toMatchObject({ removedSegments: 3, removedAnalyses: 3, removedSessions: 1 });
    expect(await parts.sessions.find(sessionId)).toBeNull();
    expect(await objects(streamId)).toEqual([]);
  });

  it('removes more than one batch in one go', async () => {
    const { stream, streamId, sessionId } = await makeSession(database(), { maxAgeMs: 60_000, maxBytes: null });
    for (let msn = 0; msn < 450; msn++)
      await parts.segments.add(makeSegment(sessionId, msn, { startMs: msn, durationMs: 1 }));
    await parts.sessions.end(sessionId, { endedAt: EPOCH_AT, endReason: 'publisher_ended' });
    expect(await job().enforce(stream)).toMatchObject({ removedSegments: 450, removedBytes: 450_000 });
    expect(await parts.segments.totals(streamId)).toEqual({ segments: 0, bytes: 0 });
  });

  it('takes the session on air too, but not what is being played, and says so', async () => {
    const { stream, streamId, sessionId } = await air(10, { ended: false, retention: { maxBytes: 2000 } });
    const warnings: object[] = [];
    const told: string[] = [];
    const log: Logger = { ...silentLog, warn: (fields) => void warnings.push(fields) };
    const onRemoved: RetentionOptions['onRemoved'] = (id, removed) =>
      void told.push(...removed.map(({ name }) => `${id} ${name}`));
    const report = await job({ playingWindowMs: 8000, log, onRemoved }).enforce(stream);
    // Four segments end less than 8 s before the newest media; to fit, nine would have to go.
    expect(report).toMatchObject({ removedSegments: 6, keptSegments: 3, keptBytes: 3000 });
    expect(await rows(sessionId)).toEqual(['seg-6.m4s', 'seg-7.m4s', 'seg-8.m4s', 'seg-9.m4s']);
    expect(told).toEqual([0, 1, 2, 3, 4, 5].map((msn) => `${streamId} seg-${msn}.m4s`));
    expect(warnings).toMatchObject([{ streamId, keptSegments: 3, keptBytes: 3000, maxBytes: 2000 }]);
  });

  it('goes on after a crash between an object and its row', async () => {
    const { stream, streamId, sessionId } = await air(3, { retention: { maxBytes: 1500 } });
    await store.delete(mediaKey(streamId, sessionId, 'seg-0.m4s'));
    expect(await job().enforce(stream)).toMatchObject({ removedSegments: 2, failures: 0 });
    expect(await objects(streamId)).toEqual(['init-0.mp4', 'seg-2.m4s']);
  });

  it('keeps the row of an object that cannot be deleted, counts it, and deletes it in the next run', async () => {
    const { stream, streamId, sessionId } = await air(3, { retention: { maxBytes: 1500 } });
    let broken = true;
    const stubborn = new Proxy(store, {
      get(target, name, receiver) {
        if (name !== 'delete') return Reflect.get(target, name, receiver).bind?.(target);
        return async (key: string) => {
          if (broken && key.endsWith('seg-0.m4s')) throw new Error('EROFS: read-only file system');
          await target.delete(key);
        };
      },
    });
    const errors: object[] = [];
    const log: Logger = { ...silentLog, error: (fields) => void errors.push(fields) };
    expect(await job({ store: stubborn, log }).enforce(stream)).toMatchObject({ removedSegments: 1, failures: 1 });
    expect(errors).toMatchObject([
      { object: mediaKey(streamId, sessionId, 'seg-0.m4s'), problem: 'EROFS: read-only file system' },
    ]);
    expect(await rows(sessionId)).toEqual(['seg-0.m4s', 'seg-2.m4s']);
    broken = false;
    expect(await job({ store: stubborn, log }).enforce(stream)).toMatchObject({ removedSegments: 1, failures: 0 });
    expect(await objects(streamId)).toEqual(['init-0.mp4', 'seg-2.m4s']);
  });

  it('takes pictures with the media that they show', async () => {
    const { stream, streamId, sessionId } = await air(5, { retention: { maxBytes: 3600 } });
    for (const ptsMs of [0, 5000]) {
      await store.put(mediaKey(streamId, sessionId, pictureName(ptsMs)), new Uint8Array(50));
      await parts.pictures.add({ sessionId, ptsMs, bytes: 50 });
    }
    expect(await job().enforce(stream)).toMatchObject({ removedSegments: 2, failures: 0 });
    expect(await objects(streamId)).toEqual(['init-0.mp4', 'pic-5000.jpg', 'seg-2.m4s', 'seg-3.m4s', 'seg-4.m4s']);
    expect((await parts.sessions.find(sessionId))?.storedBytes).toBe(3550);
    expect(await sweepOrphans({ ...parts, store, log: silentLog, youngMs: -1000 })).toMatchObject({ deleted: 0 });
  });

  it('runs over all streams, and one that fails does not keep the others from their turn', async () => {
    const [first, second] = [
      await air(3, { retention: { maxBytes: 1500 } }),
      await air(3, { retention: { maxBytes: 1500 } }),
    ];
    const segments = new Proxy(parts.segments, {
      get(target, name, receiver) {
        if (name !== 'totals') return Reflect.get(target, name, receiver).bind?.(target);
        return async (streamId: string) => {
          if (streamId === first.streamId) throw new Error('broken');
          return target.totals(streamId);
        };
      },
    });
    const report = await job({ segments }).run();
    expect(report.failures).toBeGreaterThanOrEqual(1);
    expect(await rows(first.sessionId)).toHaveLength(3);
    expect(await rows(second.sessionId)).toEqual(['seg-2.m4s']);
  });

  it('sweeps media without a row, and leaves what is known and what is young', async () => {
    const { streamId, sessionId } = await air(2);
    const gone = await air(1);
    await parts.streams.remove(gone.streamId);
    await store.put(mediaKey(streamId, sessionId, 'seg-2.m4s'), new Uint8Array(10));
    await store.put(mediaKey(streamId, 'nosession', 'seg-0.m4s'), new Uint8Array(10));
    await store.put('media/stray', new Uint8Array(10));
    const young = mediaKey(streamId, sessionId, 'seg-3.m4s');
    for await (const { key } of store.list('media/')) {
      const longAgo = new Date(Date.now() - 60 * 60_000);
      await utimes(path.join(folder.path, key), longAgo, longAgo);
    }
    await store.put(young, new Uint8Array(10));
    const report = await sweepOrphans({ ...parts, store, log: silentLog });
    expect(report).toEqual({ deleted: 5, deletedBytes: 30 + INIT_BYTES + 1000, failures: 0 });
    const left: string[] = [];
    for await (const { key } of store.list('media/')) left.push(path.basename(key));
    expect(left.sort()).toEqual(['init-0.mp4', 'seg-0.m4s', 'seg-1.m4s', 'seg-3.m4s']);
    expect(await sweepOrphans({ ...parts, store, log: silentLog, youngMs: -1000 })).toMatchObject({ deleted: 1 });
  });
});
