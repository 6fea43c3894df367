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
import { expose } from '../overlay/debug-hook';
import { OverlayDriver } from '../overlay/overlay-driver';
import { hlsEngines } from './hls-engine';
import { HlsPlayer } from './hls-player';
import { LastPicture } from './last-picture';
import { LiveStore } from './live-store';
import { loadedFrom } from './media-element';
import { OverlaySwitches } from './overlay-switches';
import { PictureWatch } from './picture-watch';
import { PlaybackController } from './playback-controller';
import { PlayerControls } from './player-controls';
import { PlayerLog } from './player-log';
import { PlayerTools } from './player-tools';
import { commandOf, focusKind, type PlayerCommand } from './shortcuts';
import { ShortcutsSheet } from './shortcuts-sheet';
import { type PictureState, type Stage, shouldPlay } from './stage';
import { StageCard } from './stage-card';
import { ViewerIntent } from './viewer-intent';

/** Without movement or keys for this long the controls go away over a playing picture, ms. */
const IDLE_MS = 2800;

/** A time that was rounded to a millisecond means the frame that begins within it. */
const WITHIN_FRAME_MS = 1;
/** How often it is looked whether frames come on the screen, ms. */
const WATCH_EVERY_MS = 500;
/** What is said over the picture, not in its place. */
const OVER_PICTURE: ReadonlySet<Stage['kind']> = new Set([
  'picture',
  'reconnecting',
  'recovering',
  'buffering',
  'no-picture',
]);

/** The picture with its overlay, what stands in its place when there is none, and the controls. */
@Component({
  selector: 'ma-player',
  imports: [OverlaySwitches, PlayerControls, ShortcutsSheet, StageCard],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './player.html',
  styleUrl: './player.scss',
  providers: [LastPicture],
  host: {
    '(document:keydown)': 'press($event)',
    '(document:fullscreenchange)': 'fullscreen.set(isFullscreen())',
    '(pointermove)': '$event.pointerType !== "touch" && wake()',
    '(focusin)': 'wake()',
    '[class.idle]': 'idle()',
    '[class.fullscreen]': 'fullscreen()',
  },
})
export class Player {
  protected readonly store = inject(LiveStore);
  protected readonly tools = inject(PlayerTools);
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
    return kind !== undefined && OVER_PICTURE.has(kind);
  });
  /** There is something to play, pause and listen to. */
  protected readonly playable = computed(() => this.hasPicture() || this.store.stage()?.kind === 'no-video');
  /** The last picture, behind the words that a stream is over or that nobody publishes. */
  protected readonly poster = inject(LastPicture).url;
  protected readonly videoLabel = computed(() => {
    const name = this.store.stream()?.name;
    return name ? $localize`${name}:name of a stream:, video` : $localize`Video`;
  });
  private touchedAwake = false;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private hls: HlsPlayer | null = null;
  private readonly intent = new ViewerIntent();

  constructor() {
    const destroyRef = inject(DestroyRef);
    afterNextRender(() => {
      const video = this.video().nativeElement;
      const { intent } = this;
      const log = new PlayerLog();
      const hls = new HlsPlayer({
        media: video,
        intent,
        log,
        open: hlsEngines(video),
        onState: (state) => {
          this.store.player.set(state);
          playback.playerState(state);
        },
        onClock: (clock) => this.store.clock.set(clock),
        onAttached: () => playback.attached(),
      });
      const playback = new PlaybackController(video, hls, intent, log);
      const driver = new OverlayDriver({
        video,
        canvas: this.canvas().nativeElement,
        timeline: this.store.timeline,
        clock: () => this.store.clock(),
        settings: () => this.store.overlay(),
        debug: this.store.debug,
        onDraw: (record) => {
          this.store.frameDrawn(record);
          if (video.paused) this.tools.keepAddress(video);
        },
      });
      const release = this.store.onRedraw((why) => {
        if (why === 'settings' || video.paused) driver.redraw();
      });
      this.store.stay.keepsPlace = () => !playback.following() && !video.ended && video.readyState > 0;
      const hide = expose({ player: log });
      const watch = new PictureWatch();
      const watching = setInterval(() => this.store.picture.set(this.pictureState(watch, playback)), WATCH_EVERY_MS);
      this.hls = hls;
      this.playback.set(playback);
      // Without a pointer nothing else starts the time after which the controls make room for the picture.
      this.wake();
      destroyRef.onDestroy(() => {
        clearInterval(watching);
        hide();
        release();
        driver.stop();
        playback.destroy();
        hls.destroy();
        clearTimeout(this.idleTimer);
      });
    });
    effect(() => {
      this.store.stay.visits();
      this.intent.wantsPlay.set(true);
    });
    effect(() => this.follow());
    effect(() => this.store.codecsPlayable() && untracked(() => this.hls?.retryNow()));
    effect(() => this.store.paused.set(this.playback()?.paused() ?? false));
    effect(() => {
      const [playback, seen] = [this.playback(), !this.idle()];
      untracked(() => playback?.showControls(seen));
    });
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
        if (this.store.recording()) this.store.backToLive();
        else playback.goLive();
        break;
      case 'snapshot':
      case 'copy-link':
      case 'toggle-pip':
      case 'step':
      case 'speed':
      case 'appearance':
        this.tools.run(command, this.video().nativeElement, playback);
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
    if (!command || (!this.playable() && command.kind !== 'help')) return;
    event.preventDefault();
    this.wake();
    this.run(command);
  }

  /** A mouse plays and pauses; a finger shows the controls, or puts them away. */
  protected tap(event: MouseEvent): void {
    const touch = event instanceof PointerEvent && event.pointerType === 'touch';
    if (!touch) this.run({ kind: 'toggle-play' });
    else if (this.touchedAwake) this.resting.set(true);
    else this.wake();
  }

  /** Whether the controls were there before this touch, which wakes them by itself. */
  protected touch(): void {
    this.touchedAwake = !this.idle();
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
    const stream = this.store.played();
    const playback = this.playback();
    const replaying = this.store.watching();
    const playable = this.store.codecsPlayable();
    untracked(() => {
      if (!this.hls || !stream || !playback) return;
      if (!stream.session || !shouldPlay(stream, replaying)) {
        this.hls.unload();
        return;
      }
      const live = stream.state === 'live' || stream.state === 'reconnecting';
      const { epochAt } = stream.session;
      const moment = this.store.recording() ? this.store.moment() : null;
      const startAt = moment ? epochAt + moment.ptsMs + WITHIN_FRAME_MS : undefined;
      const source = { url: stream.playbackUrl, epochAt, live, startAt };
      // A codec that the browser lacks is not begun with; who watches the session has what came before it.
      if (playable || this.hls.plays(source)) playback.load(source);
      else this.hls.unload();
    });
  }

  private pictureState(watch: PictureWatch, playback: PlaybackController): PictureState {
    const video = this.video().nativeElement;
    const { kind } = this.store.player();
    const expected =
      (kind === 'playing' || kind === 'loading') &&
      !playback.paused() &&
      !document.hidden &&
      !!this.store.session()?.video;
    const missing = watch.missing({
      now: performance.now(),
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      expected,
      frameRate: this.store.health()?.measuredFrameRate ?? null,
    });
    if (!missing) return 'ok';
    return loadedFrom(video, video.currentTime) > 0.5 ? 'loaded-not-shown' : 'not-loaded';
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
