import { beforeAll, describe, expect, it } from 'vitest';
import { type Clip, makeClip } from '../testing/clip.js';
import { feed } from './testing/feed.js';
import { scene, settled } from './testing/scene.js';

let clip: Clip;
beforeAll(async () => {
  clip = await makeClip({ seconds: 4 });
});

describe('what lists and operators are told of streams', () => {
  it('is, of those on air, what is seen, the bit rate and one word, every other tick', async () => {
    const { onAir, session, service, stream, events, analyses, current } = await scene();
    expect((await current()).summary).toBeNull();
    expect((await service.health(stream.id)).condition).toMatchObject({ word: 'no_data', code: 'offline' });
    const { sink } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt });
    const seen = [{ label: 'person', count: 3 }];
    analyses[0]!.health = { ...analyses[0]!.health, seen };
    for (let tick = 0; tick < 4; tick++) service.tick();
    expect(events.summed).toHaveLength(2);
    const good = { word: 'good', code: null, reason: null };
    expect(events.summed.at(-1)).toMatchObject([{ streamId: stream.id, seen, condition: good }]);
    expect((await current()).summary).toMatchObject({ seen, condition: good });
    expect((await service.health(stream.id)).condition).toEqual(good);
    expect(Object.keys(await service.health(stream.id))).not.toContain('seen');
  });

  it('names a stall once, and counts it and the reconnects of the last hour', async () => {
    const { onAir, session, service, stream, current } = await scene();
    const { sink, connection } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt, toMs: 1000 });
    const load = async () => service.loads([await current()], new Map([[stream.id, 4000]]), 10)[0]!;
    expect(await load()).toMatchObject({ reconnects: 0, stalls: 0, storedBytes: 4000, condition: { word: 'good' } });
    connection.silence = 60_000;
    service.tick();
    service.tick();
    expect(await load()).toMatchObject({ stalls: 1, condition: { word: 'bad', code: 'stalled' } });
    connection.silence = 0;
    connection.end();
    expect((await load()).condition).toMatchObject({ word: 'bad', code: 'reconnecting' });
    const again = await onAir();
    feed(again.sink, clip, { at: Date.now(), toMs: 1000 });
    service.tick();
    service.tick();
    expect(await load()).toMatchObject({ reconnects: 1, stalls: 1, condition: { word: 'good' } });
  });

  it('has the address of a picture only when there is one, another one for each', async () => {
    const { onAir, session, current, objects, stream, events } = await scene();
    const { sink } = await onAir();
    feed(sink, clip, { at: (await session()).epochAt, toMs: 1000 });
    expect((await current()).thumbnailUrl).toBeNull();
    await objects.putThumbnail(stream.id, Uint8Array.of(1));
    expect((await current()).thumbnailUrl).toMatch(new RegExp(`^/api/streams/${stream.id}/thumbnail.jpg\\?v=\\d+$`));
    await settled(() => events.told.length > 0);
  });
});
