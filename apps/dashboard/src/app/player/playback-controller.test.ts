import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlaybackController } from './playback-controller';
import { PlayerLog } from './player-log';
import { FakeMedia } from './testing';
import { ViewerIntent } from './viewer-intent';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A viewer of a session in which a minute can be watched. */
function watch() {
  const media = new FakeMedia();
  media.hold(0, 60);
  const window = { start: 0, end: 60, live: 59 };
  const player = { window, targetLatency: 1, plays: () => true, load() {}, goLive() {}, retryNow() {} };
  const playback = new PlaybackController(media, player, new ViewerIntent(), new PlayerLog());
  /** Plays for so long, and says as often as browsers do where it is. @returns how often what is shown changed */
  const playFor = (ms: number): number => {
    let changes = 0;
    for (let passed = 0; passed < ms; passed += 50) {
      const before = playback.currentTime();
      media.currentTime += 0.05;
      media.emit('timeupdate');
      vi.advanceTimersByTime(50);
      if (playback.currentTime() !== before) changes++;
    }
    return changes;
  };
  return { media, playback, playFor };
}

describe('what the controls show', () => {
  it('moves on as fast as an eye needs it', () => {
    const { playFor } = watch();
    playFor(1000);
    expect(playFor(10_000)).toBe(40);
  });

  it('moves on once a second while nobody sees them, and is right when they come back', () => {
    const { media, playback, playFor } = watch();
    playFor(1000);
    playback.showControls(false);
    expect(playFor(10_000)).toBe(10);
    playFor(500);
    expect(playback.currentTime()).not.toBe(media.currentTime);
    playback.showControls(true);
    expect(playback.currentTime()).toBe(media.currentTime);
  });

  it('is where the viewer goes, at once', () => {
    const { media, playback, playFor } = watch();
    playback.showControls(false);
    playFor(300);
    playback.seek(30);
    expect(playback.currentTime()).toBe(30);
    media.currentTime = 31;
    media.emit('seeked');
    expect(playback.currentTime()).toBe(31);
  });
});
