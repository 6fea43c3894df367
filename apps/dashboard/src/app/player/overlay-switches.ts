import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatMenuModule } from '@angular/material/menu';
import { classColor } from '../overlay/class-colors';
import { Icon } from '../shared/icon';
import { LiveStore } from './live-store';
import { countClasses } from './results';

const SWITCHES = [
  { key: 'boxes', text: 'Boxes' },
  { key: 'labels', text: 'Labels' },
  { key: 'confidence', text: 'Confidence' },
] as const;

/** What the overlay shows: boxes, labels, confidence, and which classes. */
@Component({
  selector: 'ma-overlay-switches',
  imports: [Icon, MatMenuModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="group" role="group" aria-label="Overlay">
      <ma-icon name="layers" />
      @for (item of switches; track item.key) {
        <button type="button" [attr.aria-pressed]="store.overlay()[item.key]" (click)="flip(item.key)">{{ item.text }}</button>
      }
      <button type="button" [matMenuTriggerFor]="menu" [class.some]="hiddenCount() > 0">Classes{{ hiddenCount() ? ' (' + hiddenCount() + ' off)' : '' }} <ma-icon name="expand_more" /></button>
    </div>
    <mat-menu #menu="matMenu" xPosition="before">
      @for (label of labels(); track label) {
        <button mat-menu-item type="button" role="menuitemcheckbox" [attr.aria-checked]="!store.overlay().hidden.has(label)" (click)="toggle(label, $event)">
          <span class="entry"><i [style.background]="color(label)"></i>{{ label }}<ma-icon class="mark" name="check" [style.visibility]="store.overlay().hidden.has(label) ? 'hidden' : 'visible'" /></span>
        </button>
      } @empty { <button mat-menu-item type="button" disabled>Nothing seen yet</button> }
    </mat-menu>
  `,
  styles: `
    .group { display: inline-flex; align-items: center; height: 28px; border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--surface); overflow: hidden; color: var(--muted); }
    .group > ma-icon { margin: 0 8px; font-size: 14px; }
    button:not([mat-menu-item]) { display: inline-flex; align-items: center; gap: 3px; height: 100%; padding: 0 9px; border: 0; border-left: 1px solid var(--line); background: none; color: var(--muted); cursor: pointer; font-size: 12px; font-weight: 540; }
    button:not([mat-menu-item]):hover { background: var(--hover); color: var(--text); }
    button[aria-pressed='true'] { color: var(--text); background: #20303a; }
    button[aria-pressed='true']::before { content: ''; width: 6px; height: 6px; border-radius: 50%; background: var(--accent); margin-right: 3px; }
    button[aria-pressed='false'] { text-decoration: line-through; }
    button:focus-visible { outline-offset: -3px; }
    button.some:not([mat-menu-item]) { color: var(--warn); }
    .entry { display: inline-flex; align-items: center; gap: 9px; min-width: 150px; }
    .entry i { width: 10px; height: 10px; border-radius: 2px; }
    .entry .mark { margin: 0 0 0 auto; }
  `,
})
export class OverlaySwitches {
  protected readonly store = inject(LiveStore);
  protected readonly switches = SWITCHES;
  protected readonly color = classColor;
  protected readonly hiddenCount = computed(() => this.store.overlay().hidden.size);
  /** Classes of the last minutes and those that are switched off, by name. */
  protected readonly labels = computed(() => {
    const shown = this.store.panelTick();
    const seen =
      shown === null
        ? []
        : countClasses(this.store.timeline.range(shown - 300_000, shown + 1)).map((entry) => entry.label);
    return [...new Set([...seen, ...this.store.overlay().hidden])].sort();
  });

  protected flip(key: (typeof SWITCHES)[number]['key']): void {
    this.store.updateOverlay({ [key]: !this.store.overlay()[key] });
  }

  /** The menu stays open, so that several can be switched. */
  protected toggle(label: string, event: Event): void {
    event.stopPropagation();
    this.store.toggleClass(label);
  }
}
