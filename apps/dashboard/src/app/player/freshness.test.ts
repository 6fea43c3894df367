import { describe, expect, it } from 'vitest';
import { pictureStanding, wordIsFresh } from './freshness';

describe('a figure about the picture', () => {
  const standing = (change: Partial<Parameters<typeof pictureStanding>[0]> = {}) =>
    pictureStanding({ now: 100_000, paused: false, frameAt: 99_900, frameRate: 30, ...change });

  it('is current while frames come', () => {
    expect(standing()).toBe('current');
    expect(standing({ frameRate: null })).toBe('current');
  });

  it('is none while the viewer has paused', () => {
    expect(standing({ paused: true })).toBe('paused');
  });

  it('is an old one when no frame has come for a while, at the stream’s own pace', () => {
    expect(standing({ frameAt: null })).toBe('unknown');
    expect(standing({ frameAt: 97_000 })).toBe('unknown');
    expect(standing({ frameAt: 97_000, frameRate: 1 / 4 })).toBe('current');
    expect(standing({ frameAt: 91_000, frameRate: 1 / 4 })).toBe('unknown');
  });
});

describe('the word of the server', () => {
  it('holds for a few seconds', () => {
    expect(wordIsFresh({ now: 10_000, heardAt: 9000 })).toBe(true);
    expect(wordIsFresh({ now: 10_000, heardAt: 4000 })).toBe(false);
    expect(wordIsFresh({ now: 10_000, heardAt: null })).toBe(false);
  });
});
