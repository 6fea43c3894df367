import type { Readable } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Clip, makeClip } from '../testing/clip.js';
import { Playback } from './playback.js';
import { makeService } from './testing/fakes.js';
import { feed } from './testing/feed.js';

let clip: Clip;
beforeAll(async () => {
  clip = await makeClip({ seconds: 6 });
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanups.splice(0)) await close();
});

const patient = () => new AbortController().signal;
const settled = (condition: () => boolean | Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 5000, interval: 2 });

/** A stream that was fed the clip and is on air. */
async function onAir({ reconnectWindowMs = 60_000, toMs = Number.POSITIVE_INFINITY } = {}) {
  const parts = makeService({ reconnectWindowMs });
  cleanups.push(() => parts.service.close());
  const { service, database, objects } = parts;
  const stream = await service.create({ name: 'Studio' });
  const { sink, connection } = await parts.publish(stream.streamKey);
  const { session } = await service.get(stream.id);
  if (!sink || !session) throw new Error('not on air');
  feed(sink, clip, { at: session.epochAt, toMs });
  const playback = new Playback({ sessions: service, segments: database.segments, objects });
  return { ...parts, playback, connection, streamId: stream.id, sessionId: session.id, epochAt: session.epochAt };
}

const segmentNames = (body: string) => body.split('\n').filter((line) => /^seg-\d+\.m4s$/.test(line));

async function bytesOf(stream: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += (chunk as Uint8Array).length;
  return bytes;
}

describe('playback of a session on air', () => {
  it('offers a multivariant playlist, a growing media playlist and its files', async () => {
    const { playback, streamId, sessionId } = await onAir();
    const index = await playback.multivariant(streamId);
    expect(index).toMatchObject({ ended: false });
    expect(index.body).toContain(`${sessionId}/media.m3u8`);
    expect(index.body).toContain('RESOLUTION=320x180');
    const media = await playback.mediaPlaylist(streamId, sessionId, { skip: false, signal: patient() });
    expect(media.ended).toBe(false);
    const [name] = segmentNames(media.body);
    const file = await playback.file(streamId, sessionId, name!, patient());
    expect(file && 'bytes' in file && file.bytes.length).toBeGreaterThan(1000);
    expect(await playback.file(streamId, sessionId, 'init-0.mp4', patient())).not.toBeNull();
    expect(await playback.file(streamId, sessionId, 'seg-99.m4s', patient())).toBeNull();
  });

  it('lets go of a request for what is to come when its client has gone', async () => {
    const { playback, streamId, sessionId } = await onAir();
    const gone = new AbortController();
    const asked = playback.mediaPlaylist(streamId, sessionId, { msn: 6, part: 0, skip: false, signal: gone.signal });
    const refused = expect(asked).rejects.toThrow('client gone');
    gone.abort(new Error('client gone'));
    await refused;
  });

  it('does not even begin for a client that has gone already', async () => {
    const { playback, service, streamId, sessionId } = await onAir();
    const packager = service.packagedSession(streamId, sessionId)!.packager;
    const begun = vi.spyOn(packager, 'mediaPlaylist');
    const signal = AbortSignal.abort(new Error('client gone'));
    await expect(playback.mediaPlaylist(streamId, sessionId, { skip: false, signal })).rejects.toThrow('client gone');
    await expect(playback.file(streamId, sessionId, 'init-0.mp4', signal)).rejects.toThrow('client gone');
    expect(begun).not.toHaveBeenCalled();
  });

  it('of another stream does not offer it under this one', async () => {
    const { playback, sessionId, service } = await onAir();
    const other = await service.create({ name: 'Other' });
    await expect(playback.mediaPlaylist(other.id, sessionId, { skip: false, signal: patient() })).rejects.toMatchObject(
      { code: 'session_not_found' },
    );
    expect(await playback.file(other.id, sessionId, 'init-0.mp4', patient())).toBeNull();
  });

  it('has nothing yet before the first segment is complete, says so, and when to ask again', async () => {
    const { playback, service, streamId, sessionId } = await onAir({ toMs: 300 });
    vi.spyOn(service.packagedSession(streamId, sessionId)!.packager, 'whenPlayable').mockResolvedValue(false);
    const notReady = { code: 'playback_not_ready', details: { retryAfterSeconds: 1 } };
    await expect(playback.multivariant(streamId)).rejects.toMatchObject(notReady);
    await expect(playback.mediaPlaylist(streamId, sessionId, { skip: false, signal: patient() })).rejects.toMatchObject(
      notReady,
    );
    expect((await service.get(streamId)).session).toMatchObject({ playable: false });
  });

  it('is announced as playable when its first segment is complete', async () => {
    const { service, streamId } = await onAir();
    expect((await service.get(streamId)).session).toMatchObject({ playable: true });
  });
});

describe('playback of a session that ended', () => {
  it('ends the playlist of those who watch, from memory, and is the same from the store', async () => {
    const { playback, service, connection, streamId, sessionId, database } = await onAir({ reconnectWindowMs: 5 });
    connection.end();
    await settled(() => database.session(sessionId).endedAt !== null);
    expect(service.packagedSession(streamId, sessionId), 'it lingers').not.toBeNull();
    const lingering = await playback.mediaPlaylist(streamId, sessionId, { skip: false, signal: patient() });
    expect(lingering.ended).toBe(true);
    expect(lingering.body).toContain('#EXT-X-ENDLIST');
    expect(await playback.multivariant(streamId)).toMatchObject({ ended: true });

    await service.close(); // as after a restart: nothing is in memory any more
    expect(service.packagedSession(streamId, sessionId)).toBeNull();
    const stored = await playback.mediaPlaylist(streamId, sessionId, { skip: false, signal: patient() });
    expect(stored.ended).toBe(true);
    expect(segmentNames(stored.body)).toEqual(segmentNames(lingering.body));
    const index = await playback.multivariant(streamId, sessionId);
    expect(index.ended).toBe(true);
    expect(index.body).toContain('RESOLUTION=320x180');
    expect(index.body).toMatch(/CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/i);
    expect(index.body).toMatch(/BANDWIDTH=[1-9]/);

    const file = await playback.file(streamId, sessionId, segmentNames(stored.body)[0]!, patient());
    if (!file || 'bytes' in file) throw new Error('it should come from the store');
    expect(await bytesOf(await file.open())).toBe(file.size);
  });

  it('says that nothing can be played where nothing was stored, and that a session is unknown', async () => {
    const { service, database, objects, publish } = makeService();
    cleanups.push(() => service.close());
    const stream = await service.create({ name: 'Quiet' });
    const playback = new Playback({ sessions: service, segments: database.segments, objects });
    await expect(playback.multivariant(stream.id)).rejects.toMatchObject({ code: 'playback_not_found' });
    await expect(playback.multivariant(stream.id, 'nobody')).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(playback.multivariant('nobody')).rejects.toMatchObject({ code: 'stream_not_found' });
    await publish(stream.streamKey);
    const { session } = await service.get(stream.id);
    await service.close();
    await expect(
      playback.mediaPlaylist(stream.id, session!.id, { skip: false, signal: patient() }),
    ).rejects.toMatchObject({ code: 'session_not_found' });
  });
});
