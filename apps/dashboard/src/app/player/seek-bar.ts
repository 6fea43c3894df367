import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  untracked,
} from '@angular/core';
import { ClockTime } from '../shared/clock-time';
import { formatClock } from '../shared/format';
import { stretches } from './appearances-on-bar';
import { BarScale } from './bar-scale';
import { LiveStore } from './live-store';
import type { PlaybackController } from './playback-controller';
import { PresenceStore } from './presence-store';

/** Classes that get a line of their own: those seen in most columns. */
const LANES = 4;
/** Pictures are asked for at whole steps of this, ms, so that moving along the bar asks for each once. */
const PICTURE_STEP_MS = 2000;

/** Where the viewer is in what there is, with what is loaded, where media are missing and where something was seen. */
@Component({
  selector: 'ma-seek-bar',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (span(); as w) {
      <div class="bar" (pointermove)="hover($event)" (pointerleave)="over.set(null)">
        <div class="lanes" aria-hidden="true">
          @for (mark of marks(); track $index) { <i [style.left.%]="mark.left" [style.width.%]="mark.width" [style.top.px]="mark.lane * 3" [style.background]="mark.color"></i> }
        </div>
        <div class="loaded" aria-hidden="true">@for (part of loaded(); track $index) { <i [style.left.%]="part.left" [style.width.%]="part.width"></i> }</div>
        <input class="seek" type="range" min="0" [max]="w.length" step="0.1" [value]="w.position" [style.--done.%]="(w.position / w.length) * 100"
          aria-label="Position" i18n-aria-label [attr.aria-valuetext]="valueText()" (input)="move($event, w.start)" />
        @for (gap of gaps(); track gap.left) { <i class="gap" [style.left.%]="gap.left" [title]="gap.title"></i> }
        @if (preview(); as p) {
          <div class="preview" aria-hidden="true" [style.left]="p.left">
            @if (p.picture && p.picture !== failed()) { <img [src]="p.picture" alt="" (error)="failed.set(p.picture)" /> }
            <b class="num">{{ p.session }}</b> <span class="num">{{ p.clock }}</span>
          </div>
        }
      </div>
    }
  `,
  styleUrl: './seek-bar.scss',
})
export class SeekBar {
  readonly playback = input.required<PlaybackController>();
  readonly valueText = input('');
  /** Media time to seek to, seconds. */
  readonly sought = output<number>();
  private readonly store = inject(LiveStore);
  private readonly presence = inject(PresenceStore);
  private readonly time = inject(ClockTime);
  protected readonly over = signal<number | null>(null);
  protected readonly failed = signal<string | null>(null);

  protected readonly span = computed(() => {
    const window = this.playback().window();
    if (!window) return null;
    const length = Math.max(0.1, (window.live ?? window.end) - window.start);
    const position = Math.min(length, Math.max(0, this.playback().currentTime() - window.start));
    return { start: window.start, length, position };
  });
  private readonly scale = computed(() => {
    const clock = this.store.clock();
    const window = this.playback().window();
    if (!clock || !window) return null;
    return new BarScale(clock.segments, clock.epochAt, { start: window.start, end: window.live ?? window.end });
  });
  protected readonly gaps = computed(() => {
    const scale = this.scale();
    const [first, last] = [scale?.ptsAt(0) ?? 0, scale?.ptsAt(1) ?? 0];
    return (this.store.session()?.gaps ?? [])
      .filter(({ fromMs, toMs }) => scale !== null && toMs > first && fromMs < last)
      .map(({ fromMs, toMs }) => ({
        left: scale!.shareOf(toMs) * 100,
        title: $localize`Nothing was received for ${Math.round((toMs - fromMs) / 1000)}:seconds: s`,
      }));
  });
  protected readonly marks = computed(() => {
    const [scale, shown] = [this.scale(), this.presence.shown()];
    if (!scale || !shown) return [];
    const seen = (most: readonly number[]) => most.filter((count) => count > 0).length;
    const classes = shown.classes.toSorted((a, b) => seen(b.most) - seen(a.most)).slice(0, LANES);
    return stretches({ ...shown, classes }).flatMap(({ label, fromMs, toMs }) => {
      const left = scale.shareOf(fromMs) * 100;
      const width = scale.shareOf(toMs) * 100 - left;
      const lane = classes.findIndex((entry) => entry.label === label);
      return width > 0 ? [{ left, width, lane, color: this.store.palette.colorOf(label) }] : [];
    });
  });
  protected readonly loaded = computed(() => {
    const scale = this.scale();
    // Read anew whenever the time moves on.
    this.playback().currentTime();
    if (!scale) return [];
    return this.playback()
      .loaded()
      .map(({ start, end }) => ({
        left: scale.share(start) * 100,
        width: (scale.share(end) - scale.share(start)) * 100,
      }));
  });
  protected readonly preview = computed(() => {
    const share = this.over();
    const ptsMs = share === null ? null : (this.scale()?.ptsAt(share) ?? null);
    const session = this.store.session();
    if (share === null || ptsMs === null || !session) return null;
    const at = Math.floor(ptsMs / PICTURE_STEP_MS) * PICTURE_STEP_MS;
    return {
      left: `clamp(80px, ${share * 100}%, 100% - 80px)`,
      picture: this.presence.pictures()
        ? `/api/streams/${session.streamId}/sessions/${session.id}/picture.jpg?at=${at}`
        : null,
      session: formatClock(ptsMs),
      clock: this.time.format(session.epochAt + ptsMs, 'smart'),
    };
  });

  constructor() {
    effect(() => {
      const scale = this.scale();
      const [from, to] = [scale?.ptsAt(0) ?? null, scale?.ptsAt(1) ?? null];
      if (from !== null && to !== null) untracked(() => this.presence.follow(from, to));
    });
  }

  protected hover(event: PointerEvent): void {
    const { currentTarget } = event;
    if (!(currentTarget instanceof HTMLElement)) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    this.over.set(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  }

  protected move(event: Event, start: number): void {
    if (event.target instanceof HTMLInputElement) this.sought.emit(start + event.target.valueAsNumber);
  }
}
