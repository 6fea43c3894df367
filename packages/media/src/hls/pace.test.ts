import { describe, expect, it } from 'vitest';
import { readFragments, readInitSegment } from '../fmp4/index.js';
import { playlistProblems } from './testing/playlist-validator.js';
import { program } from './testing/samples.js';
import { type Setup, setUp } from './testing/setup.js';

/** All sound of a session that has ended, from its segments. */
function soundOf({ store, infos }: Setup) {
  const init = readInitSegment(store.objects.get('init-0.mp4')!);
  return infos
    .flatMap(({ name }) => readFragments(init, store.objects.get(name)!))
    .filter(({ trackId }) => trackId === 2);
}

describe('sound and picture', () => {
  it('lays silence where sound stops under a picture, and the sound again when it is back', async () => {
    const setup = setUp();
    const { packager, feed, playlist } = setup;
    feed(program({ toMs: 3000 }));
    feed(program({ fromMs: 3000, toMs: 8000, sound: false }));
    feed(program({ fromMs: 8000, toMs: 11_100 }));
    const parsed = await playlist();
    expect(playlistProblems(parsed)).toEqual([]);
    expect(parsed.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
    await packager.end();
    const sound = soundOf(setup);
    // No hole: what one frame leaves to the next one is less than a frame.
    sound.slice(1).forEach(({ dtsTicks }, i) => {
      const before = sound[i]!;
      expect(Math.abs(dtsTicks - before.dtsTicks - before.durationTicks)).toBeLessThan(1024);
    });
    const silent = sound.filter(({ data }) => data.length === 9);
    expect(silent[0]!.dtsTicks / 48).toBeLessThan(3030);
    expect(silent.at(-1)!.dtsTicks / 48).toBeGreaterThan(7900);
    expect(silent.at(-1)!.dtsTicks / 48).toBeLessThan(8300);
  });

  it('lays no silence over sound that comes late or in pieces', async () => {
    for (const pieceMs of [20, 400, 1000]) {
      const { packager, feed } = setUp();
      const lateMs = 1500;
      const sound = program({ toMs: 20_000, rate: 0 }).map((sample) => ({
        sample,
        comesMs: Math.ceil((sample.dtsMs + lateMs) / pieceMs) * pieceMs,
      }));
      const pictures = program({ toMs: 22_000, sound: false }).map((sample) => ({ sample, comesMs: sample.dtsMs }));
      feed([...pictures, ...sound].sort((a, b) => a.comesMs - b.comesMs).map(({ sample }) => sample));
      // The first piece teaches how far they are apart.
      expect(packager.stats().dropped.overlap ?? 0).toBeLessThan(pieceMs === 1000 ? 150 : 1);
    }
  });

  it.each([
    // As the session's clock places equal times: each a trifle after the one before.
    ['stand', (_ms: number, index: number) => 3000 + index / 90, 300],
    ['fall behind without end', (ms: number) => 3000 + (ms - 3000) / 4, 15_000],
  ])('takes sound whose timestamps %s for sound that has stopped', async (_, placed, holeMs) => {
    const setup = setUp();
    const { packager, feed, playlist } = setup;
    feed(program({ toMs: 3000 }));
    feed(
      program({ fromMs: 3000, toMs: 31_100 }).map((sample, index) => {
        if (sample.kind === 'video') return sample;
        const ptsMs = placed(sample.ptsMs, index);
        return { ...sample, ptsMs, dtsMs: ptsMs };
      }),
    );
    expect(playlistProblems(await playlist())).toEqual([]);
    await packager.end();
    const sound = soundOf(setup);
    const holes = sound.slice(1).map(({ dtsTicks }, i) => dtsTicks - sound[i]!.dtsTicks - sound[i]!.durationTicks);
    expect(holes.reduce((sum, ticks) => sum + ticks, 0) / 48).toBeLessThan(holeMs);
    // From then on there is sound wherever there is a picture.
    const late = sound.filter(({ dtsTicks }) => dtsTicks / 48 > 20_000);
    late.slice(1).forEach(({ dtsTicks }, i) => {
      expect(dtsTicks - late[i]!.dtsTicks).toBe(1024);
    });
    expect(late.at(-1)!.dtsTicks / 48).toBeGreaterThan(30_500);
    expect(packager.stats().heldBytes).toBeLessThan(200_000);
  });

  it('keeps the picture when the clock of the sound is fast', async () => {
    for (const factor of [1.1, 2, 90]) {
      const { packager, feed, playlist } = setUp();
      feed(program({ toMs: 3000 }));
      feed(
        program({ fromMs: 3000, toMs: 93_100 }).map((sample) => {
          if (sample.kind === 'video') return sample;
          const ptsMs = 3000 + (sample.ptsMs - 3000) * factor;
          return { ...sample, ptsMs, dtsMs: ptsMs };
        }),
      );
      const parsed = await playlist();
      expect(playlistProblems(parsed)).toEqual([]);
      expect(parsed.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
      expect(packager.stats().heldBytes).toBeLessThan(200_000);
    }
  });

  it('goes on with sound whose clock is fast when the picture stops', async () => {
    const { packager, feed, playlist } = setUp();
    feed(
      program({ toMs: 60_000 }).flatMap((sample) => {
        if (sample.kind === 'video') return sample.dtsMs < 40_000 ? sample : [];
        return { ...sample, ptsMs: sample.ptsMs * 2, dtsMs: sample.dtsMs * 2 };
      }),
    );
    const parsed = await playlist();
    expect(playlistProblems(parsed)).toEqual([]);
    expect(parsed.segments.reduce((sum, segment) => sum + segment.duration, 0)).toBeGreaterThan(70);
    expect(packager.stats().heldBytes).toBeLessThan(200_000);
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
});
