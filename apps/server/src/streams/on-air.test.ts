import { beforeAll, describe, expect, it } from 'vitest';
import { type Clip, makeClip } from '../testing/clip.js';
import { feed } from './testing/feed.js';
import { scene, settled } from './testing/scene.js';

let clip: Clip;
beforeAll(async () => {
  clip = await makeClip({ seconds: 4 });
});

describe('a publisher', () => {
  it('with an unknown key is refused, and leaves no session behind', async () => {
    const { publish, database } = await scene();
    expect(await publish('wrong')).toMatchObject({ code: 'stream_key_unknown' });
    expect(database.sessionRows).toEqual([]);
  });

  it('that is refused leaves a trace: on its stream, where that is known', async () => {
    const { publish, onAir, stream, refusals, current } = await scene();
    await publish('wrong');
    await onAir();
    await publish(stream.streamKey);
    expect(refusals.recorded.map(({ error, streamId }) => [error.code, streamId])).toEqual([
      ['stream_key_unknown', null],
      ['stream_key_busy', stream.id],
    ]);
    expect(JSON.stringify(refusals.recorded)).not.toContain(stream.streamKey);
    expect(await current()).toMatchObject({ refusals: [{ code: 'stream_key_busy', encoder: 'test encoder' }] });
  });

  it('that is cut off for what it sends leaves a trace; one that fell silent on air does not', async () => {
    const { onAir, session, refusals, stream } = await scene();
    const useless = await onAir();
    useless.connection.end({ kind: 'failed', code: 'codec_unsupported', message: 'MP3 cannot be carried' });
    const silent = await onAir();
    feed(silent.sink, clip, { toMs: 500, at: (await session()).epochAt });
    silent.connection.end({ kind: 'failed', code: 'rtmp_timeout', message: 'nothing came' });
    expect(refusals.recorded).toEqual([
      {
        error: { code: 'codec_unsupported', message: 'MP3 cannot be carried' },
        ...{ address: '192.0.2.7', encoder: 'test encoder', streamId: stream.id },
      },
    ]);
  });

  it('whose metadata promise a second track is waited for longer, unless that turns out to be useless', async () => {
    const begin = async (metadata: Record<string, unknown>) => {
      const { onAir, session } = await scene();
      const { sink } = await onAir();
      sink.onMetadata(metadata);
      const at = (await session()).epochAt;
      feed(sink, clip, { toMs: 1000, only: 'video', at });
      const more = (fromMs: number, toMs: number) =>
        feed(sink, clip, { fromMs, toMs, only: 'video', goesOn: true, at });
      return { sink, session, more };
    };
    const alone = await begin({ videocodecid: 7 });
    const waits = await begin({ videocodecid: 7, audiocodecid: 10 });
    const useless = await begin({ videocodecid: 7, audiocodecid: 2 });
    useless.sink.onTrack({ kind: 'audio', codec: 'mp3' });
    for (const { more } of [alone, waits, useless]) more(1000, 1700);
    const playable = (of: typeof alone) => of.session().then((session) => session.playable);
    expect(await Promise.all([alone, waits, useless].map(playable))).toEqual([true, false, true]);
    waits.more(1700, 4000);
    expect(await playable(waits)).toBe(true);
  });

  it('beside one that is sending is refused', async () => {
    const { publish, onAir, stream, session } = await scene();
    const { sink } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt });
    expect(await publish(stream.streamKey)).toMatchObject({ code: 'stream_key_busy' });
    expect((await session()).endedAt).toBeNull();
  });

  it('at the very moment of another one: exactly one is accepted', async () => {
    const { publish, stream, database } = await scene();
    const all = await Promise.all(Array.from({ length: 5 }, () => publish(stream.streamKey)));
    expect(all.filter(({ sink }) => sink !== null)).toHaveLength(1);
    expect(all.filter(({ code }) => code === 'stream_key_busy')).toHaveLength(4);
    expect(database.sessionRows).toHaveLength(1);
  });

  it('takes the place of one that went silent, in the same session', async () => {
    const { onAir, session, current, analyses } = await scene({ takeoverMs: 1000 });
    const first = await onAir();
    const { id, epochAt } = await session();
    feed(first.sink, clip, { toMs: 3000, at: epochAt });
    first.connection.silence = 1000;
    const second = await onAir();
    expect(first.connection.closedWith).toBe('stream_key_busy');
    feed(second.sink, clip, { toMs: 3000, at: epochAt + 10_000 });
    const taken = analyses[0]!.samples.length;
    first.sink.onSample(clip.samples[0]!);
    first.sink.onEnd({ kind: 'disconnected' });
    expect(analyses[0]!.samples, 'the old one reaches nothing any more').toHaveLength(taken);
    expect(await current()).toMatchObject({ state: 'live', session: { id, gaps: [{ reason: 'publisher_lost' }] } });
  });

  it('is told that the database is away, and may try again', async () => {
    const { publish, onAir, database, stream } = await scene();
    database.away = true;
    await expect(publish(stream.streamKey)).rejects.toMatchObject({ code: 'database_unreachable' });
    database.away = false;
    await onAir();
  });

  it('whose key is changed while it is being admitted is refused', async () => {
    const { publish, service, database, stream } = await scene();
    let open = (): void => {};
    database.startGate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = publish(stream.streamKey);
    await service.rotateKey(stream.id);
    open();
    expect(await asked).toMatchObject({ code: 'stream_key_unknown' });
    expect(database.sessionRows).toEqual([]);
    expect(await service.get(stream.id)).toMatchObject({ state: 'offline', session: null });
  });

  it('that asks while the server stops is refused, and leaves no session behind', async () => {
    const { publish, service, database, stream } = await scene();
    let open = (): void => {};
    database.startGate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = publish(stream.streamKey);
    await settled(() => database.reads > 1);
    const closed = service.close();
    open();
    await closed;
    expect(await asked).toMatchObject({ code: 'server_stopping' });
    expect(await publish(stream.streamKey)).toMatchObject({ code: 'server_stopping' });
    expect(database.sessionRows).toEqual([]);
  });
});
