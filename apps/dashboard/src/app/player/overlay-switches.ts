import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import type { OverlaySwitches as OverlaySwitchesState } from '../overlay/viewer-choice';
import { Icon } from '../shared/icon';
import { FilterMenu } from './filter-menu';
import { LiveStore } from './live-store';

/** What the overlay shows: boxes, labels, confidence, and of what. */
@Component({
  selector: 'ma-overlay-switches',
  imports: [Icon, FilterMenu],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="group" role="group" aria-label="Overlay" i18n-aria-label>
      <ma-icon name="layers" />
      @for (item of switches(); track item.key) {
        <button type="button" [attr.aria-pressed]="item.on" (click)="flip(item.key, !item.on)">{{ item.text }}</button>
      }
      <ma-filter-menu />
    </div>
  `,
  styles: `
    .group { display: inline-flex; flex-wrap: wrap; align-items: center; max-width: 100%; min-height: 28px; border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--surface); overflow: hidden; color: var(--muted); }
    .group > ma-icon { margin: 0 8px; font-size: 14px; }
    button { display: inline-flex; align-items: center; gap: 3px; height: 26px; padding: 0 9px; border: 0; border-left: 1px solid var(--line); background: none; color: var(--muted); cursor: pointer; font-size: 12px; font-weight: 540; }
    button:hover { background: var(--hover); color: var(--text); }
    button[aria-pressed='true'] { color: var(--text); background: var(--pressed); }
    button[aria-pressed='true']::before { content: ''; width: 6px; height: 6px; border-radius: 50%; background: var(--accent); margin-right: 3px; }
    button[aria-pressed='false'] { text-decoration: line-through; }
    button:focus-visible { outline-offset: -3px; }
    ma-filter-menu { display: inline-flex; height: 26px; }
    @media (max-width: 460px) { .group > ma-icon { display: none; } }
    @media (forced-colors: active) { button[aria-pressed='true']::before { background: HighlightText; } }
  `,
})
export class OverlaySwitches {
  protected readonly store = inject(LiveStore);
  protected readonly switches = computed(() => {
    const { boxes, labels, confidence } = this.store.overlay();
    return [
      { key: 'boxes' as const, on: boxes, text: $localize`Boxes` },
      { key: 'labels' as const, on: labels, text: $localize`Labels` },
      { key: 'confidence' as const, on: confidence, text: $localize`Confidence` },
    ];
  });

  protected flip(key: keyof OverlaySwitchesState, on: boolean): void {
    this.store.updateOverlay({ [key]: on });
  }
}
