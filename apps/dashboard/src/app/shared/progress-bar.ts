import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** How much of something is done. */
@Component({
  selector: 'ma-progress-bar',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<span [style.width.%]="percent()"></span>`,
  host: {
    role: 'progressbar',
    'aria-valuemin': '0',
    'aria-valuemax': '100',
    '[attr.aria-valuenow]': 'percent()',
    '[attr.aria-label]': 'label()',
  },
  styles: `
    :host { display: block; height: 5px; border-radius: 3px; background: var(--track); overflow: hidden; }
    span { display: block; height: 100%; background: var(--accent); border-radius: 3px; transition: width 200ms linear; }
    @media (forced-colors: active) { :host { border: 1px solid CanvasText; height: 7px; } span { forced-color-adjust: none; } }
  `,
})
export class ProgressBar {
  readonly label = input.required<string>();
  readonly done = input.required<number>();
  readonly total = input.required<number>();
  protected readonly percent = computed(() =>
    this.total() > 0 ? Math.min(100, Math.round((this.done() / this.total()) * 100)) : 0,
  );
}
