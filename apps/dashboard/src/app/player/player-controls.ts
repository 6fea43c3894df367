import {
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  input,
  output,
  viewChild,
} from '@angular/core';
import { ClockTime } from '../shared/clock-time';
import { formatClock, formatPercent } from '../shared/format';
import { Icon } from '../shared/icon';
import { LiveStore } from './live-store';
import type { PlaybackController } from './playback-controller';
import { PlayerTools, SPEEDS } from './player-tools';
import { SeekBar } from './seek-bar';
import type { PlayerCommand } from './shortcuts';

/** The bar under the picture. */
@Component({
  selector: 'ma-player-controls',
  imports: [Icon, SeekBar],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let p = playback();
    <ma-seek-bar [playback]="p" [valueText]="positionText()" (sought)="p.seek($event)" />
    <div class="row">
      <button type="button" class="icon-button" [attr.aria-label]="p.paused() ? words.play : words.pause" (click)="command.emit({ kind: 'toggle-play' })"><ma-icon [name]="p.paused() ? 'play_arrow' : 'pause'" /></button>
      <button type="button" class="icon-button" [attr.aria-label]="p.muted() ? words.unmute : words.mute" (click)="command.emit({ kind: 'toggle-mute' })"><ma-icon [name]="p.muted() ? 'volume_off' : 'volume_up'" /></button>
      <input class="volume" type="range" min="0" max="1" step="0.05" [value]="p.muted() ? 0 : p.volume()" [style.--done.%]="(p.muted() ? 0 : p.volume()) * 100" aria-label="Volume" i18n-aria-label [attr.aria-valuetext]="volumeText()" (input)="volume($event)" />
      @if (isLive()) {
        <button type="button" class="live" [class.at-edge]="atEdge()" [attr.aria-label]="atEdge() ? words.atEdge : words.toEdge" (click)="command.emit({ kind: 'go-live' })"><i aria-hidden="true"></i><span i18n>Live</span></button>
      }
      <span class="time num">{{ positionText() }}</span>
      @if (clockTime(); as at) { <span class="wall num" [title]="iso(at)">{{ clockText(at) }}</span> }
      <span class="space"></span>
      <select class="speed num" aria-label="Speed" i18n-aria-label (change)="speed($event)">
        @for (speed of speeds; track speed) { <option [value]="speed" [selected]="speed === p.rate()">{{ speed }}×</option> }
      </select>
      @if (p.paused()) {
        <span class="steps">
          <button type="button" class="icon-button step" aria-label="One frame back" i18n-aria-label (click)="command.emit({ kind: 'step', direction: -1 })"><ma-icon class="back" name="skip_next" /></button>
          <button type="button" class="icon-button step" aria-label="One frame forward" i18n-aria-label (click)="command.emit({ kind: 'step', direction: 1 })"><ma-icon name="skip_next" /></button>
        </span>
      }
      <button type="button" class="icon-button more" aria-label="Save the picture" i18n-aria-label title="Save the picture (S); with Shift without boxes" i18n-title (click)="snapshot($event)"><ma-icon name="photo_camera" /></button>
      <button type="button" class="icon-button more" aria-label="Copy a link to this moment" i18n-aria-label (click)="command.emit({ kind: 'copy-link' })"><ma-icon name="link" /></button>
      <button type="button" class="icon-button more" aria-label="Picture in picture" i18n-aria-label (click)="command.emit({ kind: 'toggle-pip' })"><ma-icon name="picture_in_picture" /></button>
      <details #others class="others" (keydown.escape)="closeOthers($event)">
        <summary class="icon-button" aria-label="More" i18n-aria-label="of the player|Opens a menu of further buttons"><ma-icon name="more_vert" /></summary>
        <div>
          <button type="button" (click)="others.open = false; snapshot($event)"><ma-icon name="photo_camera" /><span i18n>Save the picture</span></button>
          <button type="button" (click)="others.open = false; command.emit({ kind: 'copy-link' })"><ma-icon name="link" /><span i18n>Copy a link to this moment</span></button>
          <button type="button" (click)="others.open = false; command.emit({ kind: 'toggle-pip' })"><ma-icon name="picture_in_picture" /><span i18n>Picture in picture</span></button>
          <label><span i18n>Speed</span><select class="num" (change)="speed($event)">
            @for (speed of speeds; track speed) { <option [value]="speed" [selected]="speed === p.rate()">{{ speed }}×</option> }
          </select></label>
        </div>
      </details>
      <button type="button" class="icon-button keys" aria-label="Keyboard shortcuts" i18n-aria-label (click)="command.emit({ kind: 'help' })"><ma-icon name="keyboard" /></button>
      <button type="button" class="icon-button" [attr.aria-label]="fullscreen() ? words.leaveFullscreen : words.fullscreen" (click)="command.emit({ kind: 'toggle-fullscreen' })"><ma-icon [name]="fullscreen() ? 'fullscreen_exit' : 'fullscreen'" /></button>
    </div>
  `,
  styleUrl: './player-controls.scss',
  host: { '(document:pointerdown)': 'closeOthers($event)' },
})
export class PlayerControls {
  protected readonly words = {
    play: $localize`Play`,
    pause: $localize`Pause`,
    mute: $localize`Mute`,
    unmute: $localize`Unmute`,
    atEdge: $localize`At the live edge`,
    toEdge: $localize`Go to the live edge`,
    fullscreen: $localize`Full screen`,
    leaveFullscreen: $localize`Leave full screen`,
  };
  readonly playback = input.required<PlaybackController>();
  readonly fullscreen = input(false);
  readonly command = output<PlayerCommand>();
  private readonly others = viewChild.required<ElementRef<HTMLDetailsElement>>('others');
  private readonly store = inject(LiveStore);

  protected readonly tools = inject(PlayerTools);
  private readonly time = inject(ClockTime);
  protected readonly speeds = SPEEDS;
  /** Wall-clock time of the frame on the screen: of the very frame when it stands, to the second while it moves. */
  protected readonly clockTime = computed(() => {
    const [shown, session] = [this.store.shownPtsMs(), this.store.session()];
    if (shown === null || !session) return null;
    const at = session.epochAt + shown;
    return this.playback().paused() ? at : Math.floor(at / 1000) * 1000;
  });
  protected readonly isLive = computed(() => typeof this.playback().window()?.live === 'number');
  private readonly behind = computed(() => {
    const live = this.playback().window()?.live;
    return typeof live === 'number' ? Math.max(0, live - this.playback().currentTime()) : 0;
  });
  /** What is seen is happening: nobody is at the live edge of something that is interrupted, or not known. */
  protected readonly atEdge = computed(
    () =>
      this.playback().following() &&
      this.behind() < 3 &&
      this.store.stream()?.state === 'live' &&
      this.store.fresh() &&
      this.store.standing() !== 'unknown',
  );
  /** Session time when live, with how far back; position of the whole when the session is over. */
  protected readonly positionText = computed(() => {
    const shown = this.store.shownPtsMs();
    if (shown === null) return '';
    if (!this.isLive()) return `${formatClock(shown)} / ${formatClock(this.store.session()?.durationMs ?? shown)}`;
    return this.atEdge() || this.behind() < 1
      ? formatClock(shown)
      : `${formatClock(shown)}  −${formatClock(this.behind() * 1000)}`;
  });
  protected readonly volumeText = computed(() => formatPercent(this.playback().muted() ? 0 : this.playback().volume()));

  /** By Escape, which gives the focus back to the button, or by pressing anywhere else. */
  protected closeOthers(event: Event): void {
    const others = this.others().nativeElement;
    if (!others.open) return;
    if (event instanceof KeyboardEvent) others.querySelector('summary')?.focus();
    else if (event.target instanceof Node && others.contains(event.target)) return;
    others.open = false;
  }

  protected snapshot(event: MouseEvent): void {
    this.tools.boxesOnSnapshots.set(!event.shiftKey);
    this.command.emit({ kind: 'snapshot' });
  }

  protected clockText(at: number): string {
    return this.time.format(at, 'smart');
  }

  protected iso(at: number): string {
    return this.time.iso(at);
  }

  protected speed(event: Event): void {
    if (event.target instanceof HTMLSelectElement) this.playback().setRate(Number(event.target.value));
  }

  protected volume(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.playback().setVolume(event.target.valueAsNumber);
  }
}
