import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { Ticker } from '../shared/ticker';

/** Pictures of a live stream are asked for this often, ms; the server answers 304 when there is none newer. */
const REFRESH_MS = 5000;

/** The newest picture of a stream. A new one replaces the old one when it is loaded, so nothing flickers. */
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
  `,
  styles: `
    :host { display: flex; align-items: center; justify-content: center; aspect-ratio: 16 / 9; background: #05080b; border-radius: 4px; overflow: hidden; color: #4c5865; font-size: 18px; }
    img { width: 100%; height: 100%; object-fit: contain; }
    .dim { opacity: 0.45; filter: saturate(0.4); }
  `,
})
export class StreamThumbnail {
  readonly stream = input.required<Stream>();
  private readonly ticker = inject(Ticker);
  /** The address that could not be loaded; the next one is tried again. */
  protected readonly failed = signal<string | null>(null);
  private readonly version = computed(() =>
    this.stream().state === 'live' ? Math.floor(this.ticker.now() / REFRESH_MS) : (this.stream().session?.id ?? ''),
  );
  private readonly url = computed(() => {
    const url = this.stream().thumbnailUrl;
    return url === null ? null : `${url}${url.includes('?') ? '&' : '?'}v=${this.version()}`;
  });
  protected readonly source = computed(() => (this.url() === this.failed() ? null : this.url()));
}
