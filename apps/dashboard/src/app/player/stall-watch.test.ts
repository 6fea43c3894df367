import { describe, expect, it } from 'vitest';
import { type StallHelp, StallWatch } from './stall-watch';
import { FakeMedia } from './testing';

/** What the watch says within `seconds` to a picture that stands at 10, asked five times a second. */
function helps(
  watch: StallWatch,
  options: { media: FakeMedia; seconds: number; end?: number; from?: number; loadedTo?: number },
) {
  const { media, seconds, end = 60, from = 0, loadedTo = null } = options;
  const given: (StallHelp & { second: number })[] = [];
  for (let second = from; second < from + seconds; second += 0.2) {
    const help = watch.check({ now: second * 1000, media, end, loadedTo });
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

  it('jumps over media that were loaded and are not shown, of which one track has nothing', () => {
    const jump = [{ kind: 'jump', to: 14.05, second: 3 }];
    expect(helps(new StallWatch(), { media: standing(0, 12), seconds: 4, loadedTo: 14 })).toEqual(jump);
    const far = standing(0, 14);
    expect(helps(new StallWatch(), { media: far, seconds: 4, loadedTo: 14.2 })).toEqual([]);
    // What its buffer has is none that an element can show which says that it waits for media.
    Object.assign(far, { readyState: 2 });
    expect(helps(new StallWatch(), { media: far, seconds: 4, loadedTo: 20 })).toEqual([
      { kind: 'jump', to: 20.05, second: 3 },
    ]);
  });

  it('helps a seek only over what was loaded for it', () => {
    const media = standing(0, 5);
    media.seeking = true;
    expect(helps(new StallWatch(), { media, seconds: 30 })).toEqual([]);
    expect(helps(new StallWatch(), { media, seconds: 4, loadedTo: 14 })).toEqual([
      { kind: 'jump', to: 14.05, second: 3 },
    ]);
    // To what can be seen of it, where there is something.
    const beyond = standing(12, 20);
    beyond.seeking = true;
    expect(helps(new StallWatch(), { media: beyond, seconds: 4, loadedTo: 20 })).toEqual([
      { kind: 'jump', to: 12.05, second: 3 },
    ]);
  });

  it('gives who has sought all the patience, from when the seek is over', () => {
    const watch = new StallWatch();
    const media = standing(0, 10);
    media.seeking = true;
    expect(helps(watch, { media, seconds: 20 })).toEqual([]);
    media.seeking = false;
    expect(helps(watch, { media, seconds: 13, from: 20 })).toEqual([{ kind: 'reopen', second: 32 }]);
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
