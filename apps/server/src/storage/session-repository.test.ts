import { session as sessionSchema } from '@media-analyzer/protocol';
import { beforeEach, expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { StreamRepository } from './stream-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { EPOCH_AT, makeAnalysis, makeSegment, makeSession, SESSION_START } from './testing/samples.js';

const VIDEO = { codec: 'h264', codecString: 'avc1.64001f', width: 1280, height: 720, frameRate: 29.97 };
const AUDIO = { codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2 };

onBothDatabases('sessions', (database) => {
  let sessions: SessionRepository;
  let segments: SegmentRepository;
  beforeEach(() => {
    sessions = new SessionRepository(database());
    segments = new SegmentRepository(database());
  });

  it('have the shape of the protocol, with nothing known and with all known', async () => {
    const { session, streamId } = await makeSession(database());
    expect(sessionSchema.strict().parse(session)).toEqual(session);
    expect(await sessions.get(streamId, session.id)).toEqual(session);
    const publisher = { address: '192.0.2.7:50123', encoder: 'obs-output module' };
    await sessions.update(session.id, { video: VIDEO, audio: AUDIO, publisher, durationMs: 1234.5 });
    const known = await sessions.get(streamId, session.id);
    expect(sessionSchema.strict().parse(known)).toEqual({
      ...session,
      video: VIDEO,
      audio: AUDIO,
      publisher,
      durationMs: 1234.5,
    });
  });

  it('keep what an update leaves out, and never get shorter', async () => {
    const { session, streamId } = await makeSession(database());
    await sessions.update(session.id, { video: VIDEO, durationMs: 5000 });
    await sessions.update(session.id, { audio: AUDIO, durationMs: 4000 });
    await sessions.update(session.id, {});
    expect(await sessions.get(streamId, session.id)).toMatchObject({ video: VIDEO, audio: AUDIO, durationMs: 5000 });
  });

  it('count what is stored and how far it reaches', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await segments.addInit({ sessionId, name: 'init-0.mp4', bytes: 700 });
    await segments.add(makeSegment(sessionId, 0));
    await segments.add(makeSegment(sessionId, 1, { bytes: 300, durationMs: 1960.5 }));
    expect(await sessions.get(streamId, sessionId)).toMatchObject({ storedBytes: 2000, durationMs: 3960.5 });
  });

  it('hold their gaps in order of time', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await sessions.addGap(sessionId, { fromMs: 9000.25, toMs: 12_000, reason: 'clock_jump' });
    await sessions.addGap(sessionId, { fromMs: 4000, toMs: 7000, reason: 'publisher_lost' });
    expect((await sessions.get(streamId, sessionId)).gaps).toEqual([
      { fromMs: 4000, toMs: 7000, reason: 'publisher_lost' },
      { fromMs: 9000.25, toMs: 12_000, reason: 'clock_jump' },
    ]);
  });

  it('keep what became of their frames', async () => {
    const { sessionId, streamId } = await makeSession(database());
    expect((await sessions.get(streamId, sessionId)).frames).toBeNull();
    const frames = { received: 300, sampled: 100, analysed: 97, dropped: { starting: 3 } };
    await sessions.update(sessionId, { frames });
    expect((await sessions.get(streamId, sessionId)).frames).toEqual(frames);
  });

  it('end once', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await sessions.end(sessionId, { endedAt: EPOCH_AT + 9000, endReason: 'publisher_ended' });
    await sessions.end(sessionId, { endedAt: EPOCH_AT + 9999, endReason: 'server_stopped' });
    expect(await sessions.get(streamId, sessionId)).toMatchObject({
      endedAt: EPOCH_AT + 9000,
      endReason: 'publisher_ended',
    });
  });

  it('are closed at the end of their stored media when the server died', async () => {
    const withMedia = await makeSession(database());
    const without = await makeSession(database());
    const ended = await makeSession(database());
    await sessions.end(ended.sessionId, { endedAt: EPOCH_AT + 1, endReason: 'publisher_ended' });
    await segments.add(makeSegment(withMedia.sessionId, 0, { durationMs: 2000.6 }));
    const closed = await sessions.closeInterrupted();
    expect(closed.map(({ id }) => id)).toEqual(expect.arrayContaining([withMedia.sessionId, without.sessionId]));
    expect(closed.map(({ id }) => id)).not.toContain(ended.sessionId);
    const end = async ({ streamId, sessionId }: typeof ended) => sessions.get(streamId, sessionId);
    expect(await end(withMedia)).toMatchObject({ endReason: 'server_died', endedAt: EPOCH_AT + 2001 });
    expect(await end(without)).toMatchObject({ endReason: 'server_died', endedAt: SESSION_START.startedAt });
    expect(await end(ended)).toMatchObject({ endReason: 'publisher_ended' });
    expect(await sessions.closeInterrupted()).toEqual([]);
  });

  it('come in pages, newest first, and only those of their stream', async () => {
    const { streamId, sessionId } = await makeSession(database());
    const other = await makeSession(database());
    const ids = [sessionId];
    for (let index = 0; index < 3; index++) ids.unshift((await sessions.start({ streamId, ...SESSION_START })).id);
    const first = await sessions.list(streamId, { limit: 3 });
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await sessions.list(streamId, { limit: 3, cursor: first.nextCursor! });
    expect(second).toMatchObject({ items: [{ id: sessionId }], nextCursor: null });
    expect((await sessions.newest(streamId))?.id).toBe(ids[0]);
    const newest = await sessions.newestOf([streamId, other.streamId, 'nobody']);
    expect([...newest].map(([key, { id }]) => [key, id])).toEqual(
      expect.arrayContaining([
        [streamId, ids[0]],
        [other.streamId, other.sessionId],
      ]),
    );
    expect(newest.size).toBe(2);
  });

  it('belong to one stream', async () => {
    const [mine, other] = [await makeSession(database()), await makeSession(database())];
    await expect(sessions.get(mine.streamId, other.sessionId)).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(sessions.start({ streamId: 'nobody', ...SESSION_START })).rejects.toMatchObject({
      code: 'stream_not_found',
    });
  });

  it('take no harm from news of a session that was removed', async () => {
    const { sessionId, streamId } = await makeSession(database());
    await new StreamRepository(database()).remove(streamId);
    await sessions.update(sessionId, { durationMs: 1 });
    await sessions.addGap(sessionId, { fromMs: 0, toMs: 1, reason: 'clock_jump' });
    await sessions.end(sessionId, { endedAt: EPOCH_AT, endReason: 'stream_deleted' });
    expect(await segments.add(makeSegment(sessionId, 0))).toBe(false);
    expect(await segments.addInit({ sessionId, name: 'init-0.mp4', bytes: 1 })).toBe(false);
    expect(await sessions.find(sessionId)).toBeNull();
  });

  it('that came to nothing can be discarded, with their gaps and without harm to others', async () => {
    const { streamId, sessionId: kept } = await makeSession(database());
    const { id } = await sessions.start({ streamId, ...SESSION_START });
    await sessions.addGap(id, { fromMs: 0, toMs: 1, reason: 'clock_jump' });
    await sessions.discard(id);
    await sessions.discard(id);
    expect((await sessions.list(streamId, { limit: 10 })).items.map((session) => session.id)).toEqual([kept]);
  });

  it('are removed as empty only when they ended before and nothing of them is left', async () => {
    const { streamId, sessionId: withMedia } = await makeSession(database());
    const start = async () => (await sessions.start({ streamId, ...SESSION_START })).id;
    const [withAnalyses, young, empty, onAir] = [await start(), await start(), await start(), await start()];
    await segments.add(makeSegment(withMedia, 0));
    await new AnalysisRepository(database()).append([makeAnalysis({ streamId, sessionId: withAnalyses }, 0)]);
    for (const id of [withMedia, withAnalyses, empty])
      await sessions.end(id, { endedAt: EPOCH_AT + 10, endReason: 'publisher_ended' });
    await sessions.end(young, { endedAt: EPOCH_AT + 30, endReason: 'publisher_ended' });
    expect(await sessions.removeEmpty(streamId, EPOCH_AT + 20)).toEqual([empty]);
    expect((await sessions.list(streamId, { limit: 10 })).items.map(({ id }) => id)).toEqual([
      onAir,
      young,
      withAnalyses,
      withMedia,
    ]);
  });
});
