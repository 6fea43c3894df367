import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { formatClock } from '../shared/format';
import { Icon } from '../shared/icon';
import { LiveStore } from './live-store';
import type { PlaybackController } from './playback-controller';
import type { PlayerCommand } from './shortcuts';

/** The bar under the picture. */
@Component({
  selector: 'ma-player-controls',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let p = playback();
    @if (span(); as w) {
      <input class="seek" type="range" min="0" [max]="w.length" step="0.1" [value]="w.position" [style.--done.%]="(w.position / w.length) * 100"
        aria-label="Position" [attr.aria-valuetext]="positionText()" (input)="seek($event, w.start)" />
    }
    <div class="row">
      <button type="button" class="icon-button" [attr.aria-label]="p.paused() ? 'Play' : 'Pause'" (click)="command.emit({ kind: 'toggle-play' })"><ma-icon [name]="p.paused() ? 'play_arrow' : 'pause'" /></button>
      <button type="button" class="icon-button" [attr.aria-label]="p.muted() ? 'Unmute' : 'Mute'" (click)="command.emit({ kind: 'toggle-mute' })"><ma-icon [name]="p.muted() ? 'volume_off' : 'volume_up'" /></button>
      <input class="volume" type="range" min="0" max="1" step="0.05" [value]="p.muted() ? 0 : p.volume()" [style.--done.%]="(p.muted() ? 0 : p.volume()) * 100" aria-label="Volume" [attr.aria-valuetext]="volumeText()" (input)="volume($event)" />
      @if (isLive()) {
        <button type="button" class="live" [class.at-edge]="atEdge()" [attr.aria-label]="atEdge() ? 'At the live edge' : 'Go to the live edge'" (click)="command.emit({ kind: 'go-live' })"><i aria-hidden="true"></i>Live</button>
      }
      <span class="time num">{{ positionText() }}</span>
      <span class="space"></span>
      <button type="button" class="icon-button" aria-label="Keyboard shortcuts" (click)="command.emit({ kind: 'help' })"><ma-icon name="keyboard" /></button>
      <button type="button" class="icon-button" [attr.aria-label]="fullscreen() ? 'Leave full screen' : 'Full screen'" (click)="command.emit({ kind: 'toggle-fullscreen' })"><ma-icon [name]="fullscreen() ? 'fullscreen_exit' : 'fullscreen'" /></button>
    </div>
  `,
  styleUrl: './player-controls.scss',
})
export class PlayerControls {
  readonly playback = input.required<PlaybackController>();
  readonly fullscreen = input(false);
  readonly command = output<PlayerCommand>();
  private readonly store = inject(LiveStore);

  protected readonly span = computed(() => {
    const window = this.playback().window();
    if (!window) return null;
    const length = Math.max(0.1, (window.live ?? window.end) - window.start);
    const position = Math.min(length, Math.max(0, this.playback().currentTime() - window.start));
    return { start: window.start, length, position };
  });
  protected readonly isLive = computed(() => typeof this.playback().window()?.live === 'number');
  private readonly behind = computed(() => {
    const live = this.playback().window()?.live;
    return typeof live === 'number' ? Math.max(0, live - this.playback().currentTime()) : 0;
  });
  protected readonly atEdge = computed(() => this.playback().following() && this.behind() < 3);
  /** Session time when live, with how far back; position of the whole when the session is over. */
  protected readonly positionText = computed(() => {
    const shown = this.store.shownPtsMs();
    if (shown === null) return '';
    if (!this.isLive()) return `${formatClock(shown)} / ${formatClock(this.store.session()?.durationMs ?? shown)}`;
    return this.atEdge() || this.behind() < 1
      ? formatClock(shown)
      : `${formatClock(shown)}  −${formatClock(this.behind() * 1000)}`;
  });
  protected readonly volumeText = computed(
    () => `${Math.round((this.playback().muted() ? 0 : this.playback().volume()) * 100)} percent`,
  );

  protected seek(event: Event, start: number): void {
    if (event.target instanceof HTMLInputElement) this.playback().seek(start + event.target.valueAsNumber);
  }

  protected volume(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.playback().setVolume(event.target.valueAsNumber);
  }
}
