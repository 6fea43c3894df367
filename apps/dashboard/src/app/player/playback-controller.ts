import { computed, signal } from '@angular/core';
import { readText, writeSetting } from '../shared/local-setting';
import type { HlsPlayer, PlayerState, Source } from './hls-player';
import { LiveFollower } from './live-follower';
import { loadedFrom, type MediaElementLike } from './media-element';
import type { PlayerLog } from './player-log';
import type { Window } from './stream-engine';
import type { ViewerIntent } from './viewer-intent';

/** Positions closer than this to an end are at it, seconds. */
const MIN_SEEK = 0.05;
/** Who pauses and is no further behind than this goes on following the live edge, seconds. */
const SHORT_STOP = 3;
const CHECK_EVERY_MS = 500;
/** How often at most what the controls show is made anew while it plays, ms; and while nobody sees them. */
const SHOW_EVERY_MS = 250;
const SHOW_UNSEEN_EVERY_MS = 1000;

/** Play, pause, seek, speed and volume of one media element, as signals for the controls. */
export class PlaybackController {
  readonly muted = signal(true);
  readonly volume = signal(1);
  /** The element waits for data. */
  readonly waiting = signal(false);
  /** For what shows them, at its pace: media time, seconds, and what can be watched. */
  readonly currentTime = signal(0);
  readonly window = signal<Window | null>(null);
  readonly autoplayRefused = signal(false);
  /** The end of a recording was reached. */
  private readonly ended = signal(false);
  /** Nothing moves, and that is what the viewer wants, or waits for them. */
  readonly paused = computed(() => !this.intent.wantsPlay() || this.autoplayRefused() || this.ended());
  /** The viewer wants the live edge: true until they pause or seek back. */
  get following() {
    return this.intent.following;
  }
  /** Playback speed. */
  get rate() {
    return this.intent.rate;
  }

  private readonly follower = new LiveFollower();
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly undo: (() => void)[] = [];
  private state: PlayerState['kind'] = 'idle';
  private controlsSeen = true;
  private updatedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly video: MediaElementLike,
    private readonly player: Pick<HlsPlayer, 'window' | 'plays' | 'load' | 'goLive' | 'retryNow'>,
    private readonly intent: ViewerIntent,
    private readonly log: PlayerLog,
  ) {
    // Browsers let a page start with sound only after the viewer has used it; muted playback always starts.
    video.muted = true;
    const volume = Number(readText('player.volume') ?? '1');
    video.volume = volume >= 0 && volume <= 1 ? volume : 1;
    this.volume.set(video.volume);
    this.listen(video, {
      play: () => {
        this.ended.set(false);
        this.intent.wantsPlay.set(true);
      },
      pause: () => this.elementPaused(),
      ended: () => this.ended.set(true),
      seeking: () => this.ended.set(false),
      waiting: () => {
        this.waiting.set(true);
        if (video.seeking || this.state !== 'playing') return;
        this.log.add(`waits for media at ${video.currentTime.toFixed(3)}`);
        this.follower.stalled(performance.now());
      },
      playing: () => this.waiting.set(false),
      canplay: () => this.waiting.set(false),
      volumechange: () => {
        this.muted.set(video.muted || video.volume === 0);
        this.volume.set(video.volume);
      },
      timeupdate: () => this.updateAtPace(),
      seeked: () => this.update(),
    });
    this.listen(document, { visibilitychange: () => document.hidden || this.shown() });
    this.listen(window, { online: () => this.online() });
    this.timer = setInterval(() => this.check(), CHECK_EVERY_MS);
  }

  destroy(): void {
    clearInterval(this.timer);
    for (const undo of this.undo) undo();
  }

  /** Plays this source from now on, at its live edge if it has one; the same one again is left alone. */
  load(source: Source): void {
    if (!this.player.plays(source)) this.following.set(source.live);
    this.player.load(source);
  }

  /** Whether the controls are on the screen: what they show is to be right from then on. */
  showControls(seen: boolean): void {
    this.controlsSeen = seen;
    if (seen) this.update();
  }

  async play(): Promise<void> {
    this.intent.wantsPlay.set(true);
    try {
      await this.video.play();
      this.autoplayRefused.set(false);
    } catch (error) {
      // AbortError: another source took the place of this one before it started. `attached` plays that one.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.autoplayRefused.set(true);
    }
  }

  pause(): void {
    this.intent.wantsPlay.set(false);
    this.following.set(false);
    this.video.pause();
  }

  togglePlay(): void {
    if (!this.paused()) {
      this.pause();
      return;
    }
    // After a short stop a live viewer is still a live viewer.
    this.following.set((this.behind() ?? Number.POSITIVE_INFINITY) < SHORT_STOP);
    void this.play();
  }

  /** The element was given another source, or a new decoder, and forgot everything: what the viewer wants is restored. */
  attached(): void {
    this.ended.set(false);
    this.log.add(
      `attached; ${this.intent.wantsPlay() ? 'plays' : 'stays paused'}, ${this.following() ? 'live' : 'in its place'}`,
    );
    this.applyRate();
    this.follower.recovered();
    if (this.intent.wantsPlay()) void this.play();
  }

  /** What the player is at. */
  playerState(state: PlayerState): void {
    if (state.kind === 'playing' && this.state === 'recovering') this.follower.recovered();
    this.state = state.kind;
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

  /** @param rate speed, 1 is real time. Slower than that nobody stays at the live edge. */
  setRate(rate: number): void {
    this.rate.set(rate);
    if (rate < 1) this.following.set(false);
    this.applyRate();
  }

  /** What is loaded, on the media element's timeline, seconds. */
  loaded(): { readonly start: number; readonly end: number }[] {
    const { buffered } = this.video;
    return Array.from({ length: buffered.length }, (_, i) => ({ start: buffered.start(i), end: buffered.end(i) }));
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
    if (this.rate() < 1) this.setRate(1);
    this.player.goLive();
    void this.play();
  }

  /**
   * The element stopped: by this page, by the browser's own controls (picture-in-picture, media keys), at the end, because
   * a browser saves power in a hidden tab, or because its decoder gave up. The last three are nobody's wish.
   */
  private elementPaused(): void {
    if (this.video.ended || (document.hidden && !document.pictureInPictureElement && this.video.muted)) return;
    // A source that was replaced meanwhile plays again by now; one that failed is about to be.
    if (!this.video.paused || this.video.error || this.video.readyState === 0) return;
    this.log.add('paused');
    this.intent.wantsPlay.set(false);
  }

  /** The tab is seen again: whoever was at the live edge is brought back there without waiting. */
  private shown(): void {
    this.player.retryNow();
    this.update();
    if (!this.intent.wantsPlay()) return;
    if (this.video.paused && !this.ended()) void this.play();
    const behind = this.behind();
    if (this.following() && behind !== null && behind > 1) this.player.goLive();
  }

  private online(): void {
    this.follower.recovered();
    this.player.retryNow();
  }

  private applyRate(): void {
    // The default too: it is what the element falls back to with its next source.
    this.video.defaultPlaybackRate = this.rate();
    this.video.playbackRate = this.rate();
  }

  private update(): void {
    this.updatedAt = performance.now();
    this.currentTime.set(this.video.currentTime);
    this.window.set(this.player.window);
  }

  /** Each time costs a layout of the page: not oftener than somebody could see. */
  private updateAtPace(): void {
    const everyMs = this.controlsSeen ? SHOW_EVERY_MS : SHOW_UNSEEN_EVERY_MS;
    if (performance.now() - this.updatedAt >= everyMs) this.update();
  }

  private behind(): number | null {
    const live = this.player.window?.live ?? null;
    return live === null ? null : live - this.video.currentTime;
  }

  /** Whoever follows live and has fallen behind, by a slow start, a stall or a hidden tab, is moved to the edge. */
  private check(): void {
    this.updateAtPace();
    const { video } = this;
    const behind = this.behind();
    // Who hurried after the live edge has caught up with it, and stays there in real time.
    if (behind !== null && behind < MIN_SEEK && this.rate() > 1 && !video.paused && !video.seeking) {
      this.setRate(1);
      this.following.set(true);
    }
    // Before the first picture the element is nowhere yet: to move it then would only interrupt what is being loaded.
    const somewhere = video.readyState >= 2 && !video.paused && !video.seeking;
    if (behind === null || !this.following() || !somewhere) {
      this.follower.rest();
      return;
    }
    const loaded = loadedFrom(video, video.currentTime + behind) > 0;
    if (!this.follower.check({ now: performance.now(), behind, loaded })) return;
    this.log.add(`jump to the live edge, ${behind.toFixed(2)} s ahead`);
    this.player.goLive();
  }

  private listen(
    target: Pick<EventTarget | MediaElementLike, 'addEventListener' | 'removeEventListener'>,
    handlers: Record<string, () => void>,
  ): void {
    for (const [event, run] of Object.entries(handlers)) {
      target.addEventListener(event, run);
      this.undo.push(() => target.removeEventListener(event, run));
    }
  }
}
