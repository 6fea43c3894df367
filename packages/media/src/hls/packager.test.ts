import type { CodedSample } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFragments, readInitSegment } from '../fmp4/index.js';
import { type ParsedPlaylist, parsePlaylist, playlistProblems, updateProblems } from './testing/playlist-validator.js';
import { AUDIO, OTHER_AUDIO, program, VIDEO } from './testing/samples.js';
import { EPOCH, settled, setUp } from './testing/setup.js';

describe('segments and parts', () => {
  it('cuts segments of two seconds at keyframes, the first one early', async () => {
    const { feed, playlist } = setUp();
    feed(program({ toMs: 7100 }));
    const { segments, targetDuration } = await playlist();
    expect(segments.map(({ duration, uri }) => [uri, duration])).toEqual([
      ['seg-0.m4s', 1],
      ['seg-1.m4s', 2],
      ['seg-2.m4s', 2],
      ['seg-3.m4s', 2],
    ]);
    expect(targetDuration).toBe(2);
  });

  it.each([
    [500, [0.5, 2, 2]],
    [1300, [1.3, 1.3, 1.3]],
    [1920, [1.92, 1.92, 1.92]],
    [4000, [4, 4]],
    [8333, [8.333]],
  ])('with a keyframe every %i ms cuts at the one nearest to the target', async (keyframeEveryMs, durations) => {
    const { feed, playlist } = setUp();
    feed(program({ toMs: 8600, keyframeEveryMs }));
    const { segments, targetDuration } = await playlist();
    const complete = segments.filter(({ uri }) => uri !== null);
    durations.forEach((duration, i) => {
      expect(Math.abs(complete[i]!.duration - duration)).toBeLessThan(0.035);
    });
    expect(targetDuration).toBe(Math.max(2, ...complete.map(({ duration }) => Math.round(duration))));
  });

  it.each([12, 15, 20, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60, 120])(
    'at %d frames per second keeps parts between 85 %% and 100 %% of the part target',
    async (rate) => {
      const { feed, playlist } = setUp();
      feed(program({ toMs: 9000, rate, reorderMs: 80 }));
      const parsed = await playlist();
      expect(playlistProblems(parsed)).toEqual([]);
      expect(parsed.partTarget).toBe(0.27);
    },
  );

  it('keeps the rules at any frame rate, keyframe interval and variable frame rate, in every state of the playlist', async () => {
    const frames = fc.array(
      fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 8, max: 45 }) }, fc.integer({ min: 46, max: 900 })),
      { minLength: 30, maxLength: 150 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 5, max: 60 }), async (steps, keyframeEvery) => {
        const { packager, feed, playlist } = setUp();
        let ms = 0;
        const pictures = steps.map((step, i): CodedSample => {
          const at = ms;
          ms += step;
          return {
            kind: 'video',
            dtsMs: at,
            ptsMs: at,
            keyframe: i % keyframeEvery === 0,
            data: new Uint8Array(3),
            capturedAt: at,
          };
        });
        const sound = program({ toMs: ms, rate: 0 });
        let before: ParsedPlaylist | null = null;
        for (const sample of [...pictures, ...sound].sort((a, b) => a.dtsMs - b.dtsMs)) {
          feed([sample]);
          if (!packager.playable) continue;
          const now = await playlist();
          expect(playlistProblems(now)).toEqual([]);
          if (before) expect(updateProblems(before, now)).toEqual([]);
          before = now;
        }
      }),
      { numRuns: 15 },
    );
  });

  it('loses and doubles no sample: the segments have exactly what was pushed', async () => {
    const { packager, store, feed, infos } = setUp();
    const samples = program({ toMs: 6500, reorderMs: 67 });
    feed(samples);
    await packager.end();
    const init = readInitSegment(store.objects.get('init-0.mp4')!);
    const read = infos.flatMap(({ name }) => readFragments(init, store.objects.get(name)!));
    const video = read.filter(({ trackId }) => trackId === 1);
    expect(video.map(({ dtsTicks }) => dtsTicks / 90)).toEqual(
      samples.filter(({ kind }) => kind === 'video').map(({ dtsMs }) => dtsMs),
    );
    expect(video.map(({ ptsTicks }) => ptsTicks / 90)).toEqual(
      samples.filter(({ kind }) => kind === 'video').map(({ ptsMs }) => ptsMs),
    );
    expect(read.filter(({ trackId }) => trackId === 2)).toHaveLength(
      samples.filter(({ kind }) => kind === 'audio').length,
    );
  });

  it('starts the sound of no segment before its first picture, so that players date it by the picture', async () => {
    const { packager, store, feed, infos } = setUp();
    feed(program({ fromMs: 1013, toMs: 9000, rate: 30_000 / 1001, reorderMs: 67 }));
    await packager.end();
    const init = readInitSegment(store.objects.get('init-0.mp4')!);
    for (const { name } of infos) {
      const read = readFragments(init, store.objects.get(name)!);
      const start = (id: number): number =>
        read.find(({ trackId }) => trackId === id)!.dtsTicks / (id === 1 ? 90_000 : 48_000);
      expect(start(2)).toBeGreaterThanOrEqual(start(1));
    }
  });

  it('dates each segment by its earliest picture, B-frames included', async () => {
    const { feed, playlist } = setUp();
    feed(program({ fromMs: 500, toMs: 6000, reorderMs: 67 }));
    const { segments } = await playlist();
    expect(segments.map(({ dateTime }) => dateTime! - EPOCH)).toEqual([567, 1567, 3567, 5567]);
  });

  it('publishes a part when its last frame is known, and says so before the next one', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 1200 }));
    const next = packager.mediaPlaylist({ msn: 1, part: 0 });
    const hinted = packager.resource('part-1.0.m4s');
    await settled();
    expect(packager.stats().waiters).toBe(2);
    feed(
      program({ fromMs: 1200, toMs: 1240, keyframeEveryMs: 10_000 }).map((sample) => ({
        ...sample,
        keyframe: sample.kind === 'audio',
      })),
    );
    const { body, blocking } = await next;
    expect(blocking).toBe(true);
    expect(parsePlaylist(body).segments.at(-1)!.parts).toEqual([
      { uri: 'part-1.0.m4s', duration: 0.233, independent: true },
    ]);
    expect((await hinted)!.bytes.length).toBeGreaterThan(700);
  });

  it('does not wait for sound that does not come', async () => {
    const { feed, playlist } = setUp();
    feed(program({ toMs: 3100, sound: false }));
    expect(playlistProblems(await playlist())).toEqual([]);
    expect((await playlist()).segments[1]!.duration).toBe(2);
  });

  it('cuts without a keyframe when none ever comes, and no longer promises independent segments', async () => {
    const { packager, feed, playlist } = setUp();
    feed(program({ toMs: 65_000, keyframeEveryMs: 1e9 }));
    const parsed = await playlist();
    expect(parsed.segments.filter(({ uri }) => uri).map(({ duration }) => Math.round(duration))).toEqual([12, 30]);
    expect(parsed.independent).toBe(false);
    expect(parsed.targetDuration).toBe(30);
    expect(packager.multivariantPlaylist()).not.toContain('INDEPENDENT');
  });

  it('bounds the open segment in bytes too', () => {
    const { packager, feed } = setUp([VIDEO]);
    feed(program({ toMs: 8000, keyframeEveryMs: 1e9, sound: false, frameBytes: 1024 * 1024 }));
    expect(packager.stats().segments).toBeGreaterThan(2);
  });

  it('keeps memory flat, whatever the length of the session', async () => {
    const { packager, feed } = setUp([VIDEO, AUDIO], { windowMs: 60_000 });
    const held: number[] = [];
    for (let second = 0; second < 300; second += 10) {
      feed(program({ fromMs: second * 1000, toMs: (second + 10) * 1000, frameBytes: 2000 }));
      await settled();
      held.push(packager.stats().heldBytes);
    }
    expect(Math.max(...held.slice(3))).toBeLessThan(1_500_000);
    expect(Math.abs(held.at(-1)! - held[5]!)).toBeLessThan(200_000);
  });
});

describe('tracks', () => {
  it('package picture alone and sound alone after half a second without the other', async () => {
    for (const [tracks, options] of [
      [[VIDEO], { sound: false }],
      [[AUDIO], { rate: 0 }],
    ] as const) {
      const { packager, feed, playlist } = setUp(tracks);
      feed(program({ toMs: 480, ...options }));
      expect(packager.stats().parts).toBe(0);
      feed(program({ fromMs: 480, toMs: 3200, ...options }));
      expect(playlistProblems(await playlist())).toEqual([]);
      expect(packager.multivariantPlaylist()).toContain(`CODECS="${tracks[0].codecString}"`);
    }
  });

  it('that the source has promised are waited for longer', async () => {
    const { packager, feed, playlist } = setUp([]);
    packager.setTracks([VIDEO], ['video', 'audio']);
    const samples = program({ toMs: 3200 });
    feed(samples.filter(({ kind, dtsMs }) => kind === 'video' && dtsMs < 1500));
    expect(packager.stats().parts).toBe(0);
    packager.setTracks([VIDEO, AUDIO], ['video', 'audio']);
    feed(samples.filter(({ kind, dtsMs }) => kind === 'audio' || dtsMs >= 1500).sort((a, b) => a.dtsMs - b.dtsMs));
    const { segments } = await playlist();
    expect(new Set(segments.map(({ map }) => map))).toEqual(new Set(['init-0.mp4']));
    expect(packager.multivariantPlaylist()).toContain('mp4a.40.2');
  });

  it('that the source has promised in vain are not waited for without end', async () => {
    const { packager, feed, playlist } = setUp([]);
    packager.setTracks([VIDEO], ['video', 'audio']);
    feed(program({ toMs: 1900, sound: false }));
    expect(packager.stats().parts).toBe(0);
    feed(program({ fromMs: 1900, toMs: 4200, sound: false }));
    expect(playlistProblems(await playlist())).toEqual([]);
  });

  it('announced one by one at the start are one configuration', async () => {
    const { packager, feed, playlist } = setUp([AUDIO]);
    const samples = program({ toMs: 3200 });
    feed(samples.slice(0, 5).filter(({ kind }) => kind === 'audio'));
    packager.setTracks([AUDIO, VIDEO]);
    feed(samples.slice(5));
    const { segments } = await playlist();
    expect(new Set(segments.map(({ map }) => map))).toEqual(new Set(['init-0.mp4']));
    expect(packager.multivariantPlaylist()).toContain(
      'CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=642x362,FRAME-RATE=29.970',
    );
  });

  it('that come late begin at a keyframe, without a hole in the picture', async () => {
    const { packager, feed, playlist, store, infos } = setUp([VIDEO]);
    feed(program({ toMs: 2500, sound: false }));
    packager.setTracks([VIDEO, AUDIO]);
    feed(
      program({ fromMs: 2500, toMs: 3000, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })),
    );
    feed(program({ fromMs: 3000, toMs: 6100 }));
    const parsed = await playlist();
    expect(playlistProblems(parsed)).toEqual([]);
    expect(parsed.segments.map(({ map, discontinuity }) => [map, discontinuity])).toEqual([
      ['init-0.mp4', false],
      ['init-0.mp4', false],
      ['init-1.mp4', true],
      ['init-1.mp4', false],
    ]);
    await packager.end();
    const init = readInitSegment(store.objects.get('init-1.mp4')!);
    expect(init.tracks.map(({ track }) => track.kind)).toEqual(['video', 'audio']);
    const pictures = infos
      .flatMap(({ name }) => readFragments(init, store.objects.get(name)!))
      .filter(({ trackId }) => trackId === 1);
    expect(pictures).toHaveLength(Math.ceil(6.1 * 30));
  });

  it('that are announced again without change, change nothing', async () => {
    const { packager, feed, playlist } = setUp();
    for (let second = 0; second < 4; second += 1) {
      feed(program({ fromMs: second * 1000, toMs: (second + 1) * 1000 }));
      packager.setTracks([AUDIO, { ...VIDEO, configuration: Uint8Array.from(VIDEO.configuration) }]);
    }
    expect((await playlist()).segments.some(({ discontinuity, map }) => discontinuity || map !== 'init-0.mp4')).toBe(
      false,
    );
  });

  it('of a publisher that comes back with the same encoder keep their init segment', async () => {
    const { packager, feed, playlist } = setUp();
    feed(program({ toMs: 3400 }));
    packager.discontinuity();
    packager.setTracks([VIDEO]);
    packager.setTracks([VIDEO, AUDIO]);
    feed(program({ fromMs: 9000, toMs: 12_100 }));
    const parsed = await playlist();
    expect(playlistProblems(parsed)).toEqual([]);
    expect(parsed.segments.map(({ map, discontinuity, dateTime }) => [map, discontinuity, dateTime! - EPOCH])).toEqual([
      ['init-0.mp4', false, 0],
      ['init-0.mp4', false, 1000],
      ['init-0.mp4', false, 3000],
      ['init-0.mp4', true, 9000],
      ['init-0.mp4', false, 11_000],
    ]);
  });

  it('that change in a running stream get a new init segment', async () => {
    const { packager, feed, playlist } = setUp();
    feed(program({ toMs: 3000 }));
    packager.setTracks([VIDEO, OTHER_AUDIO]);
    feed(program({ fromMs: 3000, toMs: 6100 }));
    const { segments } = await playlist();
    expect(segments.at(-1)!.map).toBe('init-1.mp4');
    expect(segments.filter(({ discontinuity }) => discontinuity).map(({ msn }) => msn)).toEqual([2]);
  });

  it('drop what cannot be decoded, and count it', () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 990, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })));
    feed(program({ fromMs: 1000, toMs: 2000 }));
    const { dropped, parts } = packager.stats();
    expect(dropped.before_keyframe).toBe(30 + 47);
    expect(parts).toBeGreaterThan(2);
  });
});
