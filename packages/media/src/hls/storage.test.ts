import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { LiveHlsPackager, type SegmentInfo, vodPlaylist } from './index.js';
import { parsePlaylist, playlistProblems } from './testing/playlist-validator.js';
import { AUDIO, OTHER_AUDIO, program, VIDEO } from './testing/samples.js';
import { EPOCH, settled, setUp } from './testing/setup.js';

describe('the end of a session', () => {
  it('closes the playlist and frees who waits', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 3500 }));
    const waiting = packager.mediaPlaylist({ msn: 3, part: 0 });
    const hinted = packager.resource('part-2.2.m4s');
    await packager.end();
    const parsed = parsePlaylist((await waiting).body);
    expect(parsed.ended).toBe(true);
    expect(playlistProblems(parsed)).toEqual([]);
    expect(await hinted).not.toBeNull();
    expect(await packager.resource('part-2.9.m4s')).toBeNull();
    feed(program({ fromMs: 3500, toMs: 6000 }));
    expect(packager.stats().segments).toBe(3);
  });

  it('can be served later from what was stored', async () => {
    const { packager, feed, infos } = setUp();
    feed(program({ toMs: 3500 }));
    packager.discontinuity();
    packager.setTracks([VIDEO, OTHER_AUDIO]);
    feed(program({ fromMs: 9000, toMs: 12_000 }));
    await packager.end();
    const live = parsePlaylist((await packager.mediaPlaylist({})).body);
    const stored = parsePlaylist(vodPlaylist(infos, { epochAt: EPOCH }));
    expect(stored.ended).toBe(true);
    expect(stored.segments).toEqual(live.segments.map((segment) => ({ ...segment, parts: [] })));
    expect(playlistProblems(stored)).toEqual([]);
  });

  it('leaves a discontinuity where stored segments are missing', () => {
    const info = (msn: number): SegmentInfo => ({
      name: `seg-${msn}.m4s`,
      msn,
      startMs: msn * 2000,
      durationMs: 2000,
      bytes: 1,
      initName: 'init-0.mp4',
      discontinuity: msn === 3,
      independent: true,
      gap: msn === 5,
    });
    const { segments, mediaSequence } = parsePlaylist(vodPlaylist([info(3), info(5), info(6)], { epochAt: EPOCH }));
    expect(mediaSequence).toBe(3);
    expect(segments.map(({ discontinuity, gap }) => [discontinuity, gap])).toEqual([
      [false, false],
      [true, true],
      [false, false],
    ]);
  });
});

describe('a store that fails', () => {
  it('costs segments, not the stream: one alert, gaps where memory is gone, and it resumes', async () => {
    const { packager, store, feed, infos, problems, playlist } = setUp();
    feed(program({ toMs: 3100 }));
    await settled();
    store.failure = new CodedError('storage_full', { path: '/data' });
    for (let second = 3; second < 9; second += 1) {
      feed(
        program({ fromMs: second * 1000 + 100, toMs: second * 1000 + 1100 }).map((s) => ({
          ...s,
          keyframe: s.kind === 'audio' || s.dtsMs % 1000 === 0,
        })),
      );
      feed([
        {
          kind: 'video',
          dtsMs: second * 1000 + 1100,
          ptsMs: second * 1000 + 1100,
          keyframe: true,
          data: new Uint8Array(9),
          capturedAt: 0,
        },
      ]);
      await settled();
    }
    const lost = infos.filter(({ gap }) => gap).map(({ msn }) => msn);
    expect(lost.length).toBeGreaterThan(2);
    expect(problems.map((problem) => problem?.code)).toEqual(['storage_full']);
    expect((await playlist()).segments.some(({ gap }) => gap)).toBe(false);
    expect((await packager.resource(`seg-${lost[0]}.m4s`))!.bytes.length).toBeGreaterThan(1000);

    store.failure = null;
    feed(program({ fromMs: 10_000, toMs: 40_000 }));
    await settled();
    expect(problems.map((problem) => problem?.code ?? null)).toEqual(['storage_full', null]);
    const { segments } = await playlist();
    expect(segments.filter(({ gap }) => gap).map(({ msn }) => msn)).toEqual(lost);
    expect(await packager.resource(`seg-${lost[0]}.m4s`)).toBeNull();
    expect(packager.stats().segmentsNotStored).toBe(lost.length);
  });

  it('stores the init segment again before the next segment', async () => {
    const { store, feed, infos } = setUp();
    store.failure = new Error('no route to the store');
    feed(program({ toMs: 1100 }));
    await settled();
    expect(infos).toMatchObject([{ msn: 0, gap: true }]);
    store.failure = null;
    feed(program({ fromMs: 1100, toMs: 5100, keyframeEveryMs: 900 }));
    await settled();
    expect([...store.objects.keys()].slice(0, 2)).toEqual(['init-0.mp4', 'seg-1.m4s']);
  });

  it('that hangs bounds what waits for it', async () => {
    const infos: SegmentInfo[] = [];
    const packager = new LiveHlsPackager({
      epochAt: EPOCH,
      store: { putInit: () => new Promise(() => {}), putSegment: () => new Promise(() => {}) },
      onSegment: (info) => infos.push(info),
    });
    packager.setTracks([VIDEO, AUDIO]);
    for (const sample of program({ toMs: 120_000, frameBytes: 500 })) packager.push(sample);
    expect(infos.length).toBeGreaterThan(30);
    expect(infos.every(({ gap }) => gap)).toBe(true);
    expect(packager.stats().heldBytes).toBeLessThan(2_000_000);
  });
});

describe('resources', () => {
  it('that do not exist are not here, whatever their name', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 3500 }));
    for (const name of [
      '',
      'seg-99.m4s',
      'part-0.99.m4s',
      'part-99.0.m4s',
      'init-7.mp4',
      '../../etc/passwd',
      'seg-1e3.m4s',
      '__proto__',
    ]) {
      expect(await packager.resource(name)).toBeNull();
    }
  });

  it('add up: a segment is its parts one after the other', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 3500 }));
    const { segments } = parsePlaylist((await packager.mediaPlaylist({})).body);
    const parts = await Promise.all(segments[1]!.parts.map(async ({ uri }) => (await packager.resource(uri))!.bytes));
    expect(Buffer.concat(parts).equals((await packager.resource('seg-1.m4s'))!.bytes)).toBe(true);
  });
});
