import { describe, expect, it } from 'vitest';
import { PictureWatch } from './picture-watch';

/** Seconds until the watch says that the picture is missing, asked twice a second; null: not within a minute. */
function missingAfter(options: { frames: (second: number) => number; frameRate?: number; expected?: boolean }) {
  const watch = new PictureWatch();
  for (let second = 0; second < 60; second += 0.5) {
    const { frames, frameRate = 30, expected = true } = options;
    if (watch.missing({ now: second * 1000, frames: frames(second), expected, frameRate })) return second;
  }
  return null;
}

describe('the watch over the picture', () => {
  it('is content as long as frames come', () => {
    expect(missingAfter({ frames: (second) => Math.floor(second * 30) })).toBeNull();
  });

  it('notices a picture that never comes, and one that stops', () => {
    expect(missingAfter({ frames: () => 0 })).toBe(5);
    expect(missingAfter({ frames: (second) => Math.min(600, Math.floor(second * 30)) })).toBe(25);
  });

  it('knows that some encoders send a frame every few seconds', () => {
    expect(missingAfter({ frames: (second) => Math.floor(second / 8), frameRate: 1 / 8 })).toBeNull();
    expect(missingAfter({ frames: () => 1, frameRate: 1 / 8 })).toBe(24);
  });

  it('expects nothing of a paused player or a hidden tab', () => {
    expect(missingAfter({ frames: () => 0, expected: false })).toBeNull();
  });
});
