import { beforeAll, describe, expect, it } from 'vitest';
import { type Clip, makeClip } from '../testing/clip.js';
import { Playback } from './playback.js';
import { feed } from './testing/feed.js';
import { scene, settled } from './testing/scene.js';

let clip: Clip;
beforeAll(async () => {
  clip = await makeClip({ seconds: 6 });
});

describe('deleting a session', () => {
  it('is refused while it is on air, its reconnect window included', async () => {
    const { onAir, session, service, stream } = await scene();
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    await expect(service.removeSession(stream.id, id)).rejects.toMatchObject({ code: 'session_live' });
    connection.end();
    await expect(service.removeSession(stream.id, id)).rejects.toMatchObject({ code: 'session_live' });
    await expect(service.removeSession(stream.id, 'other')).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(service.removeSession('other', id)).rejects.toMatchObject({ code: 'stream_not_found' });
  });

  it('takes rows, media and pictures, what is played from memory too, and is announced', async () => {
    const { onAir, session, service, stream, database, objects, events, analyses } = await scene({
      reconnectWindowMs: 1,
    });
    const { sink, connection } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    analyses[0]!.events.onThumbnail({ ptsMs: 40.4, jpeg: Uint8Array.of(1, 2, 3) });
    await settled(() => database.pictureRows.length === 1);
    expect(database.pictureRows).toEqual([{ sessionId: id, ptsMs: 40, bytes: 3 }]);
    expect([...objects.stored.keys()]).toContain(`${stream.id}/${id}/pic-40.jpg`);
    connection.end();
    await settled(async () => (await service.get(stream.id)).state === 'ended');

    await service.removeSession(stream.id, id);
    expect(database.sessionRows).toEqual([]);
    expect([...objects.stored.keys()].filter((key) => key.includes(id))).toEqual([]);
    const playback = new Playback({ sessions: service, segments: database.segments, objects });
    await expect(playback.recording(stream.id, id)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(service.packagedSession(stream.id, id)).toBeNull();
    await settled(() => events.told.at(-1)?.state === 'offline');
    await expect(service.removeSession(stream.id, id)).rejects.toMatchObject({ code: 'session_not_found' });
  });
});

describe('the recording of a session on air', () => {
  it('has everything stored from the first segment on, where the live playlist forgets', async () => {
    const { onAir, session, service, stream, database, objects } = await scene({
      packaging: { segmentTargetMs: 1000, partTargetMs: 250, dvrWindowMs: 2000 },
    });
    const { sink } = await onAir();
    const { id, epochAt } = await session();
    feed(sink, clip, { at: epochAt });
    await settled(() => database.segmentRows.length >= 5);
    const playback = new Playback({ sessions: service, segments: database.segments, objects });
    const live = await playback.mediaPlaylist(stream.id, id, { skip: false, signal: new AbortController().signal });
    const recording = await playback.recording(stream.id, id);
    expect(live.body).not.toContain('seg-0.m4s');
    expect(recording.body).toContain('seg-0.m4s');
    expect(recording.body).toContain('#EXT-X-ENDLIST');
    expect(recording.ended).toBe(false);
    const first = await playback.file(stream.id, id, 'seg-0.m4s', new AbortController().signal);
    expect(first && 'size' in first && first.size).toBeGreaterThan(1000);
  });
});
