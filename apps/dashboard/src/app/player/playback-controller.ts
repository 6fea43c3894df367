import { signal } from '@angular/core';
import { readText, writeSetting } from '../shared/local-setting';
import type { HlsPlayer, Window } from './hls-player';
import { LiveFollower } from './live-follower';

/** Positions closer than this to an end are at it, seconds. */
const MIN_SEEK = 0.05;
/** Who pauses and is no further behind than this goes on following the live edge, seconds. */
const SHORT_STOP = 3;
const CHECK_EVERY_MS = 500;

/** Play, pause, seek and volume of one media element, as signals for the controls. */
export class PlaybackController {
  readonly paused = signal(true);
  readonly muted = signal(true);
  readonly volume = signal(1);
  readonly waiting = signal(false);
  readonly currentTime = signal(0);
  readonly window = signal<Window | null>(null);
  /** The viewer wants the live edge: true until they pause or seek back. */
  readonly following = signal(true);
  readonly autoplayRefused = signal(false);

  private readonly follower = new LiveFollower();
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly player: HlsPlayer,
  ) {
    // Browsers let a page start with sound only after the viewer has used it; muted playback always starts.
    video.muted = true;
    const volume = Number(readText('player.volume') ?? '1');
    video.volume = volume >= 0 && volume <= 1 ? volume : 1;
    this.volume.set(video.volume);
    const on = (event: keyof HTMLMediaElementEventMap, run: () => void) => {
      video.addEventListener(event, run);
      this.undo.push(() => video.removeEventListener(event, run));
    };
    on('play', () => this.paused.set(false));
    on('pause', () => this.paused.set(true));
    on('waiting', () => {
      this.waiting.set(true);
      if (!video.seeking) this.follower.stalled(performance.now());
    });
    on('playing', () => this.waiting.set(false));
    on('canplay', () => this.waiting.set(false));
    on('volumechange', () => {
      this.muted.set(video.muted || video.volume === 0);
      this.volume.set(video.volume);
    });
    on('timeupdate', () => this.update());
    on('seeked', () => this.update());
    this.timer = setInterval(() => this.check(), CHECK_EVERY_MS);
  }

  destroy(): void {
    clearInterval(this.timer);
    for (const undo of this.undo) undo();
  }

  async play(): Promise<void> {
    try {
      await this.video.play();
      this.autoplayRefused.set(false);
    } catch (error) {
      // AbortError: a new source was loaded before it started; that one starts by itself.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.autoplayRefused.set(true);
    }
  }

  togglePlay(): void {
    if (this.video.paused) {
      // After a short stop a live viewer is still a live viewer.
      this.following.set((this.window()?.live ?? Number.POSITIVE_INFINITY) - this.video.currentTime < SHORT_STOP);
      void this.play();
    } else {
      this.video.pause();
      this.following.set(false);
    }
  }

  toggleMute(): void {
    this.video.muted = !this.video.muted;
    if (!this.video.muted && this.video.volume === 0) this.setVolume(0.5);
  }

  /** @param volume 0..1 */
  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    writeSetting('player.volume', String(this.video.volume));
  }

  changeVolume(change: number): void {
    this.setVolume((this.video.muted ? 0 : this.video.volume) + change);
  }

  /** Seeks to a media time, seconds, within what there is. */
  seek(mediaTime: number): void {
    const window = this.player.window;
    if (!window) return;
    const end = window.live ?? window.end - MIN_SEEK;
    const target = Math.min(Math.max(mediaTime, window.start + MIN_SEEK), end);
    this.following.set(window.live !== null && target >= window.live - 0.5);
    this.video.currentTime = target;
    this.update();
  }

  seekBy(seconds: number): void {
    this.seek(this.video.currentTime + seconds);
  }

  goLive(): void {
    this.following.set(true);
    this.player.goLive();
    void this.play();
  }

  private update(): void {
    this.currentTime.set(this.video.currentTime);
    this.window.set(this.player.window);
  }

  /** Whoever follows live and has fallen behind, by a slow start, a stall or a hidden tab, is moved to the edge. */
  private check(): void {
    this.update();
    const { video } = this;
    const live = this.window()?.live ?? null;
    if (live === null || !this.following() || video.paused || video.seeking) {
      this.follower.rest();
      return;
    }
    const behind = live - video.currentTime;
    const loaded = this.isLoaded(live);
    if (this.follower.check({ now: performance.now(), behind, loaded })) this.player.goLive();
  }

  private isLoaded(mediaTime: number): boolean {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= mediaTime && mediaTime < buffered.end(i)) return true;
    }
    return false;
  }
}
