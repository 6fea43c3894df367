import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SourcePace } from './source-pace.js';

const FRAME_MS = 40;
const START = 1_700_000_000_000;

/** Twenty-five frames a second for so long, with timestamps as given; the time that it ends at. */
function feed(pace: SourcePace, forMs: number, dtsAt: (realMs: number) => number, jumpEveryMs = Infinity): number {
  for (let real = 0; real <= forMs; real += FRAME_MS) {
    const jumped = real > 0 && real % jumpEveryMs === 0;
    pace.sample(sample('video', dtsAt(real), START + real), jumped);
  }
  return START + forMs;
}

function sample(kind: CodedSample['kind'], dtsMs: number, capturedAt: number): CodedSample {
  return { kind, dtsMs, ptsMs: dtsMs, keyframe: true, data: new Uint8Array(1), capturedAt };
}

describe('timestamps', () => {
  it.each([
    ['stand still', () => 0, /^Only 0\.0 s of media came in 10\.\d s: .* timestamps are wrong/],
    ['go ten times too slow', (ms: number) => ms / 10, /^Only 1\.0 s of media came in 10\.\d s/],
    ['are those of another clock', (ms: number) => ms * 90, /^90\d\.\d s of media came in 10\.\d s: faster/],
    ['of a file that is sent at twice its speed', (ms: number) => ms * 2, /-re/],
  ])('that %s are said', (_, dtsAt, message) => {
    const pace = new SourcePace();
    const now = feed(pace, 12_000, dtsAt);
    expect(pace.warning(now)).toEqual({ code: 'not_real_time', message: expect.stringMatching(message) });
    expect(pace.warning(now + 60_000), 'long after the last one').toBeNull();
  });

  it('that go as time does are right, however they arrive', () => {
    const usual = new SourcePace();
    expect(usual.warning(feed(usual, 30_000, (ms) => ms))).toBeNull();
    const jittering = new SourcePace();
    expect(jittering.warning(feed(jittering, 30_000, (ms) => ms + 300 * Math.sin(ms)))).toBeNull();
    const startsWithWhatItKept = new SourcePace();
    expect(
      startsWithWhatItKept.warning(feed(startsWithWhatItKept, 30_000, (ms) => ms + Math.min(ms, 2500))),
    ).toBeNull();
  });

  it('of media that were held up and came at once are right', () => {
    const pace = new SourcePace();
    // Nothing is sent between 5 and 15 s; then it is made up for within two.
    const held = (ms: number): number => (ms < 5000 ? ms : ms < 15_000 ? 5000 : Math.min(ms, 5000 + (ms - 15_000) * 6));
    for (let real = 0; real <= 30_000; real += FRAME_MS) {
      if (real > 5000 && real < 15_000) continue;
      pace.sample(sample('video', held(real), START + real), false);
      expect(pace.warning(START + real), `at ${real} ms`).toBeNull();
    }
  });

  it('of slides, one in eight seconds, are right', () => {
    const pace = new SourcePace();
    for (let real = 0; real <= 64_000; real += 8000) pace.sample(sample('video', real, START + real), false);
    expect(pace.warning(START + 64_000)).toBeNull();
  });

  it('of the sound are said to be the sound’s, where a picture keeps time', () => {
    const warning = (picture: number | null, sound: number) => {
      const pace = new SourcePace();
      for (let real = 0; real <= 12_000; real += FRAME_MS) {
        if (picture !== null) pace.sample(sample('video', real * picture, START + real), false);
        pace.sample(sample('audio', real * sound, START + real), false);
      }
      return pace.warning(START + 12_000);
    };
    expect(warning(1, 0.25)).toEqual({
      code: 'audio_not_real_time',
      message: expect.stringMatching(/^Only 2\.5 s of sound came in 10\.\d s, while the picture keeps time/),
    });
    expect(warning(1, 2)?.code).toBe('audio_not_real_time');
    expect(warning(0.25, 0.25)?.code, 'a slow connection').toBe('not_real_time');
    expect(warning(null, 0.25)?.code, 'sound alone').toBe('not_real_time');
    expect(warning(1, 1)).toBeNull();
  });

  it('that jump once are no matter; that jump again and again are said until a minute after', () => {
    const once = new SourcePace();
    expect(once.warning(feed(once, 20_000, (ms) => ms, 12_000))).toBeNull();
    const often = new SourcePace();
    const now = feed(often, 16_000, (ms) => ms, 4000);
    expect(often.warning(now)).toEqual({ code: 'timestamps_jump', message: expect.stringContaining('4 times') });
    expect(often.warning(now + 60_000)).toBeNull();
  });
});
