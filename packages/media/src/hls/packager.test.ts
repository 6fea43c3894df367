import { CodedError, type CodedSample, type Track } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFragments, readInitSegment } from '../fmp4/index.js';
import { LiveHlsPackager, type LiveHlsPackagerOptions, type SegmentInfo, vodPlaylist } from './index.js';
import { MemoryStore } from './testing/playback-server.js';
import { type ParsedPlaylist, parsePlaylist, playlistProblems, updateProblems } from './testing/playlist-validator.js';
import { AUDIO, OTHER_AUDIO, program, VIDEO } from './testing/samples.js';

const EPOCH = 1_700_000_000_000;

interface Setup {
  readonly packager: LiveHlsPackager;
  readonly store: MemoryStore;
  readonly infos: SegmentInfo[];
  readonly problems: (CodedError | null)[];
  feed(samples: readonly CodedSample[]): void;
  playlist(): Promise<ParsedPlaylist>;
}

function setUp(tracks: readonly Track[] = [VIDEO, AUDIO], options: Partial<LiveHlsPackagerOptions> = {}): Setup {
  const store = new MemoryStore();
  const infos: SegmentInfo[] = [];
  const problems: (CodedError | null)[] = [];
  const packager = new LiveHlsPackager({
    epochAt: EPOCH,
    store,
    onSegment: (info) => infos.push(info),
    onStoreProblem: (problem) => problems.push(problem),
    ...options,
  });
  packager.setTracks(tracks);
  return {
    packager,
    store,
    infos,
    problems,
    feed(samples) {
      for (const sample of samples) packager.push(sample);
    },
    async playlist() {
      return parsePlaylist((await packager.mediaPlaylist({})).body);
    },
  };
}

/** Lets promise callbacks and finished store calls run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof CodedError ? error.code : `not refused: ${String(error)}`;
}

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

  it('goes on with sound when the picture freezes, and breaks when it comes back', async () => {
    const { packager, feed, playlist } = setUp();
    feed(program({ toMs: 3000 }));
    feed(program({ fromMs: 3000, toMs: 12_000, rate: 0 }));
    const frozen = await playlist();
    expect(playlistProblems(frozen)).toEqual([]);
    expect(frozen.segments.reduce((sum, segment) => sum + segment.duration, 0)).toBeGreaterThan(9);
    feed(program({ fromMs: 12_000, toMs: 15_100 }));
    const back = await playlist();
    expect(playlistProblems(back)).toEqual([]);
    expect(back.segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    expect(packager.stats().heldBytes).toBeLessThan(200_000);
  });

  it('cuts without a keyframe when none ever comes, and no longer promises independent segments', async () => {
    const { packager, feed, playlist } = setUp();
    feed(program({ toMs: 65_000, keyframeEveryMs: 1e9 }));
    const parsed = await playlist();
    expect(parsed.segments.filter(({ uri }) => uri).map(({ duration }) => Math.round(duration))).toEqual([30, 30]);
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

describe('playlist requests', () => {
  it('are held until the first segment is there', async () => {
    const { packager, feed } = setUp();
    expect(packager.multivariantPlaylist()).toBeNull();
    const first = packager.mediaPlaylist({});
    feed(program({ toMs: 990 }));
    await settled();
    expect(packager.playable).toBe(false);
    feed(program({ fromMs: 1000, toMs: 1100 }));
    expect(parsePlaylist((await first).body).segments[0]!.uri).toBe('seg-0.m4s');
    expect(packager.playable).toBe(true);
  });

  it('for a segment wait for all of it, for a part beyond its end for the next one', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 1500 }));
    let segment: ParsedPlaylist | null = null;
    let beyond: ParsedPlaylist | null = null;
    void packager.mediaPlaylist({ msn: 1 }).then(({ body }) => {
      segment = parsePlaylist(body);
    });
    void packager.mediaPlaylist({ msn: 1, part: 12 }).then(({ body }) => {
      beyond = parsePlaylist(body);
    });
    feed(
      program({ fromMs: 1500, toMs: 3000, keyframeEveryMs: 500 }).filter(
        (s) => s.kind === 'audio' || !s.keyframe || s.dtsMs !== 1500,
      ),
    );
    await settled();
    expect([segment, beyond]).toEqual([null, null]);
    feed(program({ fromMs: 3000, toMs: 3100 }));
    await settled();
    expect(segment!.segments[1]!.uri).toBe('seg-1.m4s');
    expect(beyond).toBeNull();
    feed(
      program({ fromMs: 3100, toMs: 3400, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })),
    );
    await settled();
    expect(beyond!.segments.at(-1)!.parts[0]!.uri).toBe('part-2.0.m4s');
  });

  it('are refused when they make no sense or lie too far ahead', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 3500 }));
    expect(await codeOf(packager.mediaPlaylist({ part: 1 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: -1 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: Number.NaN }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: 1, part: 0.5 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: 4 }))).toBe('playlist_too_far_ahead');
    expect(await codeOf(packager.mediaPlaylist({ msn: 2, part: 40 }))).toBe('playlist_too_far_ahead');
  });

  it('are refused beyond the number that may wait', async () => {
    const { packager, feed } = setUp([VIDEO, AUDIO], { maxWaiters: 2 });
    feed(program({ toMs: 1200 }));
    const held = [packager.mediaPlaylist({ msn: 1, part: 0 }), packager.mediaPlaylist({ msn: 1 })];
    expect(await codeOf(packager.mediaPlaylist({ msn: 2, part: 0 }))).toBe('too_many_requests');
    await packager.end();
    await Promise.all(held);
  });

  it('get only what is new with a delta, with the same result', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 40_500 }));
    const full = parsePlaylist((await packager.mediaPlaylist({})).body);
    const response = await packager.mediaPlaylist({ skip: true });
    const delta = parsePlaylist(response.body);
    expect(playlistProblems(delta)).toEqual([]);
    expect(delta.skipped).toBe(14);
    expect(delta.segments).toEqual(full.segments.slice(delta.skipped));
    const last = Number(full.serverControl['CAN-SKIP-UNTIL']);
    const kept = delta.segments.reduce(
      (sum, { duration, parts }) => sum + (duration || parts.reduce((s, p) => s + p.duration, 0)),
      0,
    );
    expect(kept).toBeGreaterThanOrEqual(last);
  });

  it('with the same content have the same tag, with another a new one', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 1500 }));
    const [a, b, delta] = await Promise.all([
      packager.mediaPlaylist({}),
      packager.mediaPlaylist({}),
      packager.mediaPlaylist({ skip: 'v2' }),
    ]);
    expect(a.etag).toBe(b.etag);
    expect(delta.etag).not.toBe(a.etag);
    feed(
      program({ fromMs: 1500, toMs: 1800, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })),
    );
    const c = await packager.mediaPlaylist({});
    expect(c.etag).not.toBe(a.etag);
    expect(c.etag).toMatch(/^"[\w-]+"$/);
  });

  it('list only the window, and count the discontinuities that left it', async () => {
    const { packager, feed, playlist } = setUp([VIDEO, AUDIO], { windowMs: 10_000 });
    let before: ParsedPlaylist | null = null;
    for (let start = 0; start < 60_000; start += 7500) {
      packager.discontinuity();
      feed(program({ fromMs: start, toMs: start + 7400 }));
      const now = await playlist();
      expect(playlistProblems(now)).toEqual([]);
      if (before) expect(updateProblems(before, now)).toEqual([]);
      before = now;
    }
    expect(before!.mediaSequence).toBeGreaterThan(20);
    expect(before!.discontinuitySequence).toBeGreaterThan(4);
    const listed = before!.segments.filter(({ uri }) => uri).reduce((sum, { duration }) => sum + duration, 0);
    expect(listed).toBeGreaterThanOrEqual(10);
    expect(listed).toBeLessThan(14);
  });
});

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
