import { describe, expect, it } from 'vitest';
import { type StallHelp, StallWatch } from './stall-watch';
import { FakeMedia } from './testing';

/** What the watch says within `seconds` to a picture that stands at 10, asked five times a second. */
function helps(watch: StallWatch, options: { media: FakeMedia; seconds: number; end?: number; from?: number }) {
  const { media, seconds, end = 60, from = 0 } = options;
  const given: (StallHelp & { second: number })[] = [];
  for (let second = from; second < from + seconds; second += 0.2) {
    const help = watch.check({ now: second * 1000, media, end });
    if (help) given.push({ ...help, second: Math.round(second) });
  }
  return given;
}

function standing(start: number, end: number): FakeMedia {
  const media = new FakeMedia();
  media.hold(start, end);
  media.currentTime = 10;
  return media;
}

describe('the watch over stalls', () => {
  it('jumps over a hole that nothing fills', () => {
    expect(helps(new StallWatch(), { media: standing(15, 20), seconds: 4 })).toEqual([
      { kind: 'jump', to: 15.05, second: 3 },
    ]);
  });

  it('opens the source anew when there are media that never come, each time more patiently', () => {
    const seconds = helps(new StallWatch(), { media: standing(0, 10), seconds: 100 }).map(({ second }) => second);
    expect(seconds).toEqual([12, 36, 84]);
  });

  it('waits for an encoder that has sent no more', () => {
    expect(helps(new StallWatch(), { media: standing(0, 10), seconds: 100, end: 11 })).toEqual([]);
  });

  it('has nothing to say while it moves, and begins anew after a rest', () => {
    const watch = new StallWatch();
    const media = standing(0, 10);
    expect(helps(watch, { media, seconds: 11 })).toEqual([]);
    media.currentTime = 10.2;
    expect(helps(watch, { media, seconds: 11, from: 11 })).toEqual([]);
    watch.rest();
    expect(helps(watch, { media, seconds: 11, from: 23 })).toEqual([]);
  });
});
