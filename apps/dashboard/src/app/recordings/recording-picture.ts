import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import type { Recording } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';

/** A picture of a recording, from its middle: beginnings are black or a test card. */
@Component({
  selector: 'ma-recording-picture',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (source(); as url) {
      <img [src]="url" alt="" loading="lazy" decoding="async" (error)="failed.set(url)" />
    } @else { <ma-icon name="videocam_off" /> }
  `,
  styles: `
    :host { display: flex; align-items: center; justify-content: center; aspect-ratio: 16 / 9; background: #05080b; border-radius: 4px; overflow: hidden; color: #8d99a6; font-size: 18px; }
    img { width: 100%; height: 100%; object-fit: contain; }
  `,
})
export class RecordingPicture {
  readonly recording = input.required<Pick<Recording, 'pictureUrl' | 'durationMs' | 'mediaFromMs'>>();
  /** PTS of the picture, ms; by default the middle. */
  readonly at = input<number | null>(null);
  protected readonly failed = signal<string | null>(null);
  protected readonly source = computed(() => {
    const { pictureUrl, durationMs, mediaFromMs } = this.recording();
    if (pictureUrl === null) return null;
    const url = `${pictureUrl}?at=${Math.floor(this.at() ?? ((mediaFromMs ?? 0) + durationMs) / 2)}`;
    return url === this.failed() ? null : url;
  });
}
