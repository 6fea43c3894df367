import { CodedError } from '@media-analyzer/protocol';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Clip, makeClip } from '../testing/clip.js';
import { feed } from './testing/feed.js';
import { scene, settled } from './testing/scene.js';

let clip: Clip;
let large: Clip;
beforeAll(async () => {
  [clip, large] = await Promise.all([makeClip({ seconds: 8 }), makeClip({ size: '640x360', seconds: 4 })]);
});

describe('a session', () => {
  it('is connecting until media come, live from the first sample on, and shows its tracks', async () => {
    const { onAir, current, session, analyses, events } = await scene();
    const { sink } = await onAir();
    expect(await current()).toMatchObject({ state: 'connecting', session: { video: null } });
    feed(sink, clip, { at: (await session()).epochAt });
    expect(await current()).toMatchObject({
      state: 'live',
      session: { video: { codec: 'h264', width: 320, height: 180 }, audio: { codec: 'aac' }, gaps: [] },
    });
    expect((await session()).durationMs / 8000).toBeCloseTo(1, 1);
    expect(analyses[0]).toMatchObject({ started: true, discontinuities: 0 });
    expect(analyses[0]!.samples).toHaveLength(clip.samples.length);
    expect(new Set(events.told.map(({ state }) => state))).toEqual(new Set(['offline', 'connecting', 'live']));
  });

  it('asks the database for nothing to tell of its changes', async () => {
    const { onAir, session, database, events } = await scene();
    const { sink } = await onAir();
    const { epochAt } = await session();
    await settled(() => events.told.at(-1)?.state === 'connecting');
    database.away = true;
    feed(sink, clip, { at: epochAt, toMs: 500 });
    await settled(() => events.told.at(-1)?.state === 'live');
    database.away = false;
  });

  it('goes on when the publisher returns within the window: one gap, one break, a clock that never runs back', async () => {
    const { onAir, current, session, analyses, service, stream, database } = await scene();
    const first = await onAir();
    const { id, epochAt } = await session();
    feed(first.sink, clip, { toMs: 4000, at: epochAt });
    first.connection.end();
    expect(await current()).toMatchObject({ state: 'reconnecting', reconnectUntilAt: expect.any(Number) });

    const second = await onAir();
    expect(await current()).toMatchObject({ state: 'reconnecting', reconnectUntilAt: null });
    // The same encoder, started again: its clock begins at 0.
    feed(second.sink, clip, { toMs: 4000, at: epochAt + 10_000 });
    expect(await current()).toMatchObject({ state: 'live', session: { id, epochAt } });
    const { gaps } = await session();
    expect(gaps).toEqual([expect.objectContaining({ reason: 'publisher_lost' })]);
    expect(gaps[0]!.toMs).toBeCloseTo(10_000, -2);

    const samples = analyses[0]!.samples.filter(({ kind }) => kind === 'video');
    const times = samples.map(({ dtsMs }) => dtsMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(analyses[0]!.discontinuities).toBe(1);
    await settled(() => database.segmentRows.filter(({ discontinuity }) => discontinuity).length === 1);
    expect(service.packagedSession(stream.id, id)).not.toBeNull();
    await settled(() => database.session(id).gaps.length === 1);
  });

  it('ends when the window has passed, and the next publisher begins a new one', async () => {
    const { onAir, current, session, database, analyses } = await scene({ reconnectWindowMs: 5 });
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    connection.end({ kind: 'unpublished' });
    await settled(async () => (await current()).state === 'ended');
    await settled(() => database.session(id).endReason === 'reconnect_window_passed');
    expect(await current()).toMatchObject({ session: { id, endReason: 'reconnect_window_passed' } });
    expect(analyses[0]!.closed).toBe(true);
    await onAir();
    expect((await session()).id).not.toBe(id);
  });

  it('that is ending takes no publisher any more: one that comes gets a session of its own', async () => {
    const { onAir, objects, session, current, database } = await scene({ reconnectWindowMs: 5 });
    const first = await onAir();
    const { id, epochAt } = await session();
    let open = (): void => {};
    const slow = new Promise<void>((resolve) => {
      open = resolve;
    });
    vi.spyOn(objects, 'put').mockImplementation(() => slow);
    feed(first.sink, clip, { at: epochAt });
    first.connection.end();
    await settled(async () => (await current()).state === 'ended');
    const second = await onAir();
    const next = await session();
    expect(next.id).not.toBe(id);
    feed(second.sink, clip, { at: next.epochAt });
    expect(await current()).toMatchObject({ state: 'live', session: { id: next.id } });
    open();
    await settled(() => database.session(id).endReason === 'reconnect_window_passed');
    expect(await current()).toMatchObject({ state: 'live', session: { id: next.id } });
  });

  it('without any media is forgotten when its publisher leaves', async () => {
    const { onAir, current, database } = await scene();
    const { connection } = await onAir();
    expect(database.sessionRows).toHaveLength(1);
    connection.end();
    await settled(() => database.sessionRows.length === 0);
    expect(await current()).toMatchObject({ state: 'offline', session: null });
  });

  it('goes on through a change of the encoder, with an init segment for each', async () => {
    const { onAir, session, database, service } = await scene();
    const { sink } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    const shifted = large.samples.map((one) => ({ ...one, ptsMs: one.ptsMs + 8000, dtsMs: one.dtsMs + 8000 }));
    feed(sink, { tracks: large.tracks, samples: shifted }, { at: epochAt });
    expect(await session()).toMatchObject({ id, video: { width: 640, height: 360 }, gaps: [] });
    await service.close();
    expect(database.inits.map(({ name, video }) => [name, video?.width])).toEqual([
      ['init-0.mp4', 320],
      ['init-1.mp4', 640],
    ]);
    expect(database.inits[0]?.codecs).toEqual(clip.tracks.map(({ codecString }) => codecString));
  });

  it('with a codec that cannot be carried says so, and is well again with the next publisher', async () => {
    const { onAir, current, session } = await scene();
    const first = await onAir();
    first.sink.onTrack({ kind: 'video', codec: 'vp09' });
    const { problem } = await current();
    expect(problem).toMatchObject({ code: 'codec_unsupported', details: { codec: 'vp09' } });
    first.connection.end({ kind: 'failed', code: 'codec_unsupported' });
    expect((await current()).problem, 'still there to be read').toMatchObject({ code: 'codec_unsupported' });
    const second = await onAir();
    feed(second.sink, clip, { at: (await session()).epochAt });
    expect((await current()).problem).toBeNull();
  });

  it('on a full disk goes on, raises one alert, records one gap, and recovers', async () => {
    const { onAir, current, session, objects, events, stream, database } = await scene();
    const { sink } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { toMs: 2100, at: epochAt });
    await settled(() => database.segmentRows.length > 0);
    objects.failure = new CodedError('storage_full', { path: '/data' });
    feed(sink, clip, { fromMs: 2100, toMs: 5100, at: epochAt, goesOn: true });
    await settled(async () => (await current()).problem?.code === 'storage_full');
    expect([...events.problems.keys()]).toEqual([`${stream.id} storage_full`]);
    expect((await current()).state).toBe('live');
    await settled(async () => (await session()).gaps.length === 1);

    objects.failure = null;
    feed(sink, clip, { fromMs: 5100, at: epochAt, goesOn: true });
    await settled(async () => (await current()).problem === null);
    expect(events.problems.size).toBe(0);
    await settled(() => database.session(id).gaps.length === 1);
    expect(database.session(id).gaps[0]).toMatchObject({ reason: 'storage_full' });
  });

  it('that ends on a full disk takes its alert with it', async () => {
    const { onAir, session, objects, events, service } = await scene();
    const { sink } = await onAir();
    objects.failure = new CodedError('storage_full', { path: '/data' });
    feed(sink, clip, { at: (await session()).epochAt });
    await settled(() => events.problems.size === 1);
    await service.close();
    expect(events.problems.size).toBe(0);
  });

  it('is ended by the stop of the server, with its record written', async () => {
    const { onAir, session, service, database, events } = await scene();
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    await service.close();
    expect(connection.closedWith).toBe('server_stopping');
    expect(database.session(id)).toMatchObject({ endReason: 'server_stopped', endedAt: expect.any(Number) });
    expect(database.segmentRows.length).toBeGreaterThan(5);
    expect(events.told.at(-1)).toBeDefined();
  });

  it('keeps its records for a database that is away for a while', async () => {
    const { onAir, session, service, database } = await scene();
    const { sink } = await onAir();
    const { id, epochAt } = await session();
    database.away = true;
    feed(sink, clip, { at: epochAt });
    await settled(() => database.reads > 5);
    database.away = false;
    await service.close();
    expect(database.session(id)).toMatchObject({ endReason: 'server_stopped', video: { width: 320 } });
    expect(database.segmentRows.map(({ msn }) => msn)).toEqual(database.segmentRows.map((_, index) => index));
  });

  it('whose oldest media its limits took away is smaller, and does not list them any more', async () => {
    const { onAir, session, service, stream, database } = await scene();
    const { sink } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    await settled(() => database.segmentRows.length >= 6);
    const before = await session();
    const removed = database.segmentRows.slice(0, 2);
    service.mediaRemoved(stream.id, removed);
    const { body } = await service.packagedSession(stream.id, id)!.packager.mediaPlaylist({});
    expect(body).toContain('#EXT-X-MEDIA-SEQUENCE:2');
    expect(body).not.toContain('seg-1.m4s');
    expect((await session()).storedBytes).toBe(before.storedBytes - removed[0]!.bytes - removed[1]!.bytes);
  });

  it('ends with its media, not with the wait for its publisher, and keeps what became of its frames', async () => {
    const { onAir, session, service, stream, database, analyses } = await scene({ reconnectWindowMs: 1500 });
    const { sink, connection } = await onAir();
    const { id, epochAt, startedAt } = await session();
    feed(sink, clip, { at: epochAt, toMs: 500 });
    analyses[0]!.health = { ...analyses[0]!.health, sampled: 5, analysed: 3, dropped: { starting: 2 } };
    connection.end();
    const waiting = await service.health(stream.id);
    expect(waiting).toMatchObject({ state: 'reconnecting', bitrate: 0, measuredFrameRate: null });
    expect(waiting.keyframeIntervalMs).toBeNull();
    await settled(() => database.session(id).endReason !== null);
    const ended = database.session(id);
    expect(ended.endReason).toBe('reconnect_window_passed');
    expect(ended.endedAt! - startedAt).toBeLessThan(1000);
    const frames = { received: 15, sampled: 5, analysed: 3, dropped: { starting: 2 } };
    await settled(async () => (await service.health(stream.id)).state === 'ended');
    const health = await service.health(stream.id);
    expect(health).toMatchObject({ sessionId: id, frames, bitrate: 0, analysisRate: 0, captureToResult: null });
    expect(health.uptimeMs).toBeLessThan(1000);
    expect(database.session(id)).toMatchObject({ frames });
  });

  it('reports health and metrics', async () => {
    const { onAir, session, service, stream, events, sums, analyses } = await scene();
    const { sink } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt, only: 'video' });
    analyses[0]!.health = { ...analyses[0]!.health, sampled: 100, analysed: 60, dropped: { superseded: 40 } };
    service.tick();
    service.tick();
    expect(events.healths.at(-1)).toMatchObject({
      ...{ streamId: stream.id, state: 'live', audio: null, video: { width: 320 } },
      frames: { received: 240, sampled: 100, analysed: 60, dropped: { superseded: 40 } },
      publisher: { address: '192.0.2.7', encoder: 'test encoder' },
    });
    expect(events.healths.at(-1)!.warnings.map(({ code }) => code)).toEqual(['no_audio', 'analysis_behind']);
    expect(Object.keys(events.healths.at(-1)!)).not.toContain('epochAt');
    expect(sums).toMatchObject({ framesReceived: 240, sessionsLive: 1, sessionsStarted: 1 });
    expect(await service.health(stream.id)).toMatchObject({ sessionId: (await session()).id });
  });

  it('shows a picture that could not be decoded as a problem of that moment', async () => {
    const { onAir, session, current, analyses } = await scene();
    const { sink } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt });
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      analyses[0]!.events.onProblem(new CodedError('decode_failed', { codec: 'h264', problem: 'broken' }));
      expect((await current()).problem?.code).toBe('decode_failed');
      vi.setSystemTime(Date.now() + 11_000);
      expect((await current()).problem).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a stream', () => {
  it('offers its addresses and its state, and takes changes', async () => {
    const { service, stream, events } = await scene();
    expect(stream).toMatchObject({
      ...{ name: 'Studio', state: 'offline', session: null, thumbnailUrl: null, problem: null },
      ingestUrl: `rtmp://127.0.0.1:1935/live/${stream.streamKey}`,
      playbackUrl: `/hls/${stream.id}/index.m3u8`,
    });
    expect(await service.update(stream.id, { name: 'Renamed' })).toMatchObject({ name: 'Renamed' });
    await settled(() => events.told.at(-1)?.name === 'Renamed');
    expect((await service.list({ limit: 10 })).items).toHaveLength(1);
    await expect(service.get('nobody')).rejects.toMatchObject({ code: 'stream_not_found' });
  });

  it('refuses a mode that this server does not have', async () => {
    const { service, stream } = await scene();
    await expect(service.update(stream.id, { mode: 'batch' })).rejects.toMatchObject({
      code: 'mode_unavailable',
      details: { mode: 'batch', available: 'realtime' },
    });
    expect(await service.update(stream.id, { mode: 'realtime' })).toMatchObject({ mode: 'realtime' });
  });

  it('shows a new name at once while it is on air', async () => {
    const { service, stream, onAir, session, events } = await scene();
    feed((await onAir()).sink, clip, { at: (await session()).epochAt });
    await service.update(stream.id, { name: 'Renamed' });
    await settled(() => events.told.at(-1)?.name === 'Renamed');
    expect(events.told.at(-1)).toMatchObject({ state: 'live' });
  });

  it('with a changed key cuts its publisher off; the new key continues the session', async () => {
    const { service, stream, onAir, publish, session } = await scene();
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    const { streamKey } = await service.rotateKey(stream.id);
    expect(connection.closedWith).toBe('stream_key_unknown');
    expect(await publish(stream.streamKey)).toMatchObject({ code: 'stream_key_unknown' });
    await onAir(streamKey);
    expect((await session()).id).toBe(id);
  });

  it('that is removed on air is gone at once, with media and alerts, and nothing is told of it any more', async () => {
    const { service, stream, onAir, publish, session, database, objects, events } = await scene();
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    await settled(() => objects.stored.size > 3);
    const removed = service.remove(stream.id);
    const meanwhile = publish(stream.streamKey);
    await removed;
    expect(connection.closedWith).toBe('stream_key_unknown');
    expect(await meanwhile).toMatchObject({ code: 'stream_key_unknown' });
    expect(objects.stored.size).toBe(0);
    expect(database.sessionRows).toEqual([]);
    expect(events.gone).toEqual([stream.id]);
    expect(service.packagedSession(stream.id, id)).toBeNull();
    const told = events.told.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.told).toHaveLength(told);
    await expect(service.get(stream.id)).rejects.toMatchObject({ code: 'stream_not_found' });
  });

  it('that could not be removed takes publishers again', async () => {
    const { service, stream, onAir, database } = await scene();
    vi.spyOn(database.streams, 'remove').mockRejectedValueOnce(
      new CodedError('database_unreachable', { problem: 'the test says so' }),
    );
    await expect(service.remove(stream.id)).rejects.toMatchObject({ code: 'database_unreachable' });
    await onAir();
  });

  it('off air has the health of silence', async () => {
    const { service, stream } = await scene();
    expect(await service.health(stream.id)).toMatchObject({ state: 'offline', sessionId: null, bitrate: 0 });
  });
});
