import {
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  type ElementRef,
  inject,
  input,
  signal,
  viewChild,
} from '@angular/core';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';

/** A pointer that only passes by starts nothing, ms. */
const DWELL_MS = 400;

/**
 * The newest picture of a stream. The server names another address for each, and none while there is none, so pictures are asked
 * for once and never in vain. Where a mouse rests on a live one, it moves.
 */
@Component({
  selector: 'ma-stream-thumbnail',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (source(); as src) {
      <img [src]="src" alt="" decoding="async" [class.dim]="stream().state !== 'live'" (error)="failed.set(src)" />
    } @else {
      <ma-icon [name]="stream().state === 'live' ? 'videocam' : 'videocam_off'" />
    }
    @if (previewing()) { <video #preview muted playsinline disablepictureinpicture aria-hidden="true" tabindex="-1" [class.shown]="moving()" (playing)="moving.set(true)"></video> }
  `,
  styles: `
    :host { position: relative; display: flex; align-items: center; justify-content: center; aspect-ratio: 16 / 9; background: var(--picture); border-radius: 4px; overflow: hidden; color: var(--on-picture); font-size: 18px; }
    img, video { width: 100%; height: 100%; object-fit: contain; }
    video { position: absolute; inset: 0; opacity: 0; background: var(--picture); }
    .shown { opacity: 1; }
    .dim { opacity: 0.45; filter: saturate(0.4); }
  `,
})
export class StreamThumbnail {
  readonly stream = input.required<Stream>();
  private readonly video = viewChild<ElementRef<HTMLVideoElement>>('preview');
  /** The address that could not be loaded; the next one is tried again. */
  protected readonly failed = signal<string | null>(null);
  protected readonly previewing = signal(false);
  protected readonly moving = signal(false);
  protected readonly source = computed(() => {
    const url = this.stream().thumbnailUrl;
    return url === this.failed() ? null : url;
  });
  private timer: ReturnType<typeof setTimeout> | null = null;
  private end: (() => void) | null = null;
  private watched: AbortController | null = null;

  constructor() {
    inject(DestroyRef).onDestroy(() => this.leave());
  }

  /** A pointer has come to what stands for this picture; a mouse that rests there has it move until it is elsewhere. */
  enter({ pointerType, currentTarget }: Pick<PointerEvent, 'pointerType' | 'currentTarget'>): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (pointerType !== 'mouse' || calm || this.timer !== null || !this.playable()) return;
    this.timer = setTimeout(() => void this.start(), DWELL_MS);
    if (currentTarget instanceof Element) this.watch(currentTarget);
  }

  private leave(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.watched?.abort();
    this.watched = null;
    this.end?.();
    this.end = null;
    this.previewing.set(false);
    this.moving.set(false);
  }

  /** A row that is moved among the others while the pointer is on it is never told `pointerleave`: the document knows better. */
  private watch(area: Element): void {
    this.watched = new AbortController();
    const { signal } = this.watched;
    const within = (target: EventTarget | null): boolean => target instanceof Node && area.contains(target);
    document.addEventListener('pointerover', ({ target }) => within(target) || this.leave(), { signal });
    document.addEventListener('pointerout', ({ relatedTarget }) => within(relatedTarget) || this.leave(), { signal });
  }

  private playable(): boolean {
    const { state, session } = this.stream();
    return state === 'live' && session?.video != null;
  }

  private async start(): Promise<void> {
    const { timer } = this;
    this.previewing.set(true);
    const { startPreview } = await import('./hover-preview');
    const video = this.video()?.nativeElement;
    if (!video || timer !== this.timer || !this.playable()) return;
    this.end = startPreview(video, this.stream().playbackUrl);
  }
}
