import { describe, expect, it } from 'vitest';
import { FakeMedia } from './testing';
import { TrackChange } from './track-change';

const AT = 1_700_000_000_000;

/** Somebody at this second of media that are loaded to second 51, where other tracks begin; with what the element says. */
function at(second: number, more: Partial<FakeMedia> = {}) {
  const media = new FakeMedia();
  media.hold(40, 51);
  Object.assign(media, { currentTime: second, ...more });
  const change = new TrackChange(AT);
  const check = (now: number, wantsPlay = true) => change.check({ now, media, settled: true, wantsPlay });
  return { media, check };
}

describe('a change of tracks', () => {
  it('waits until what lies before is played out', () => {
    const { media, check } = at(50);
    expect(check(0)).toBeNull();
    expect(check(60_000)).toBeNull();
    media.currentTime = 50.9;
    expect(check(60_100)).toBe('beyond');
  });

  it('is passed when the decoder keeps the last pictures back, and nobody comes to the end', () => {
    const { media, check } = at(49.8);
    check(0);
    media.readyState = 2;
    expect(check(100)).toBeNull();
    expect(check(1400)).toBeNull();
    expect(check(1700)).toBe('beyond');
  });

  it('is passed when somebody has sought to pictures that are kept back', () => {
    const { check } = at(50.86, { seeking: true, readyState: 1 });
    expect(check(0)).toBeNull();
    expect(check(1600)).toBe('beyond');
  });

  it('gives a seek that moves, and an element that has media to show, their time', () => {
    const seeking = at(50, { seeking: true, readyState: 1 });
    seeking.check(0);
    seeking.media.currentTime = 49;
    expect(seeking.check(1600)).toBeNull();
    const slow = at(50, { readyState: 4 });
    slow.check(0);
    expect(slow.check(10_000)).toBeNull();
    const long = at(45, { seeking: true, readyState: 1 });
    long.check(0);
    expect(long.check(10_000)).toBeNull();
  });

  it('is not passed by who is paused', () => {
    const { check } = at(50.95, { readyState: 2 });
    expect(check(0, false)).toBeNull();
    expect(check(60_000, false)).toBeNull();
  });

  it('gives way to a seek elsewhere, also by who is paused', () => {
    expect(at(5, { seeking: true, readyState: 1 }).check(0, false)).toBe('sought');
  });
});
