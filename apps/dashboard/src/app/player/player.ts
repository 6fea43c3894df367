import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  ElementRef,
  effect,
  inject,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { OverlayDriver } from '../overlay/overlay-driver';
import { HlsPlayer } from './hls-player';
import { LiveStore } from './live-store';
import { PlaybackController } from './playback-controller';
import { PlayerControls } from './player-controls';
import { commandOf, focusKind, type PlayerCommand } from './shortcuts';
import { ShortcutsSheet } from './shortcuts-sheet';
import { shouldPlay } from './stage';
import { StageCard } from './stage-card';

/** Without movement or keys for this long the controls go away over a playing picture, ms. */
const IDLE_MS = 2800;

/** The picture with its overlay, what stands in its place when there is none, and the controls. */
@Component({
  selector: 'ma-player',
  imports: [PlayerControls, ShortcutsSheet, StageCard],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './player.html',
  styleUrl: './player.scss',
  host: {
    '(document:keydown)': 'press($event)',
    '(document:fullscreenchange)': 'fullscreen.set(isFullscreen())',
    '(pointermove)': 'wake()',
    '(focusin)': 'wake()',
    '[class.idle]': 'idle()',
    '[class.fullscreen]': 'fullscreen()',
  },
})
export class Player {
  protected readonly store = inject(LiveStore);
  private readonly host: HTMLElement = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private readonly video = viewChild.required<ElementRef<HTMLVideoElement>>('video');
  private readonly canvas = viewChild.required<ElementRef<HTMLCanvasElement>>('canvas');

  protected readonly fullscreen = signal(false);
  protected readonly help = signal(false);
  protected readonly playback = signal<PlaybackController | null>(null);
  protected readonly shape = signal<string | null>(null);
  private readonly resting = signal(false);
  protected readonly idle = computed(() => this.resting() && this.playback()?.paused() === false && !this.help());
  /** There is a picture, or the last one: it stays visible under what the stage says. */
  protected readonly hasPicture = computed(() => {
    const kind = this.store.stage()?.kind;
    return kind === 'picture' || kind === 'reconnecting' || kind === 'recovering' || kind === 'buffering';
  });
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private hls: HlsPlayer | null = null;

  constructor() {
    const destroyRef = inject(DestroyRef);
    afterNextRender(() => {
      const video = this.video().nativeElement;
      const hls = new HlsPlayer(video, {
        onState: (state) => this.store.player.set(state),
        onClock: (clock) => this.store.clock.set(clock),
      });
      const playback = new PlaybackController(video, hls);
      const driver = new OverlayDriver({
        video,
        canvas: this.canvas().nativeElement,
        timeline: this.store.timeline,
        clock: () => this.store.clock(),
        settings: () => this.store.overlay(),
        debug: this.store.debug,
        onDraw: (record) => this.store.frameDrawn(record),
      });
      const release = this.store.onRedraw((why) => {
        if (why === 'settings' || video.paused) driver.redraw();
      });
      this.hls = hls;
      this.playback.set(playback);
      destroyRef.onDestroy(() => {
        release();
        driver.stop();
        playback.destroy();
        hls.destroy();
        clearTimeout(this.idleTimer);
      });
    });
    effect(() => this.follow());
    effect(() => {
      const request = this.store.seekRequest();
      if (request) untracked(() => this.playback()?.seek(request.mediaTime));
    });
  }

  protected isFullscreen(): boolean {
    return document.fullscreenElement === this.host;
  }

  protected run(command: PlayerCommand): void {
    const playback = this.playback();
    if (!playback) return;
    switch (command.kind) {
      case 'toggle-play':
        playback.togglePlay();
        break;
      case 'toggle-mute':
        playback.toggleMute();
        break;
      case 'toggle-fullscreen':
        void this.toggleFullscreen();
        break;
      case 'go-live':
        playback.goLive();
        break;
      case 'help':
        this.help.update((open) => !open);
        break;
      case 'seek':
        playback.seekBy(command.seconds);
        break;
      case 'volume':
        playback.changeVolume(command.change);
        break;
      default:
        command satisfies never;
    }
  }

  protected press(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.help()) {
      this.help.set(false);
      return;
    }
    // Material's dialogs and menus are in an overlay of their own; while one is open the keys are its.
    if (event.defaultPrevented || document.querySelector('.cdk-overlay-container .cdk-overlay-pane > *')) return;
    const command = commandOf(event, focusKind(document.activeElement));
    if (!command || (!this.hasPicture() && command.kind !== 'help')) return;
    event.preventDefault();
    this.wake();
    this.run(command);
  }

  protected wake(): void {
    this.resting.set(false);
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(
      () => this.resting.set(!this.host.querySelector('.controls:focus-within :focus-visible')),
      IDLE_MS,
    );
  }

  protected pictureKnown(): void {
    const { videoWidth, videoHeight } = this.video().nativeElement;
    this.shape.set(videoWidth > 0 && videoHeight > 0 ? `${videoWidth} / ${videoHeight}` : null);
  }

  /** Loads what the stream plays now: nothing, its session, or a new session in place of the old one. */
  private follow(): void {
    const stream = this.store.stream();
    const playback = this.playback();
    const replaying = this.store.replaying();
    const playable = this.store.codecsPlayable();
    untracked(() => {
      if (!this.hls || !stream || !playback) return;
      if (!stream.session || !playable || !shouldPlay(stream, replaying)) {
        this.hls.unload();
        return;
      }
      const live = stream.state === 'live' || stream.state === 'reconnecting';
      if (this.hls.load({ url: stream.playbackUrl, epochAt: stream.session.epochAt, live })) {
        playback.following.set(live);
        void playback.play();
      }
    });
  }

  private async toggleFullscreen(): Promise<void> {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.host.requestFullscreen({ navigationUI: 'hide' });
    } catch {
      // Refused, for example inside a frame that does not allow it: the picture stays as it is.
    }
  }
}
