import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { ClockTime, type TimeForm } from './clock-time';
import { Ticker } from './ticker';

/** A moment, in the viewer's zone, with the full ISO time as its title: `<ma-when [at]="session.startedAt" form="smart" />`. */
@Component({
  selector: 'ma-when',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<time class="num" [attr.datetime]="machine()" [title]="title()">{{ text() }}</time>`,
  styles: ':host { white-space: nowrap; }',
})
export class When {
  /** Unix ms. */
  readonly at = input.required<number>();
  /** `ago`: how long ago, counted on; the others as `TimeForm`. */
  readonly form = input<TimeForm | 'ago'>('smart');
  private readonly time = inject(ClockTime);
  private readonly ticker = inject(Ticker);

  protected readonly text = computed(() => {
    const form = this.form();
    if (form === 'ago') return this.time.ago(this.at(), this.ticker.now());
    return this.time.format(this.at(), form, form === 'smart' ? this.ticker.now() : undefined);
  });
  protected readonly title = computed(() => this.time.iso(this.at()));
  protected readonly machine = computed(() => new Date(this.at()).toISOString());
}

/** Local time or UTC, for every absolute time of the dashboard. */
@Component({
  selector: 'ma-zone-switch',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="zones" role="group" aria-label="Time zone" i18n-aria-label>
      <button type="button" [attr.aria-pressed]="time.zone() === 'local'" (click)="time.setZone('local')" i18n="time zone|The viewer's own zone">Local</button>
      <button type="button" [attr.aria-pressed]="time.zone() === 'utc'" (click)="time.setZone('utc')" i18n="time zone">UTC</button>
    </div>
  `,
  styles: `
    .zones { display: inline-flex; height: 28px; border: 1px solid var(--line); border-radius: var(--radius-small); overflow: hidden; }
    button { padding: 0 10px; border: 0; background: none; color: var(--muted); font-size: 12px; font-weight: 540; cursor: pointer; }
    button + button { border-left: 1px solid var(--line); }
    button:hover { background: var(--hover); color: var(--text); }
    button[aria-pressed='true'] { background: var(--raised); color: var(--text); box-shadow: inset 0 -2px 0 var(--accent); }
    button:focus-visible { outline-offset: -3px; }
  `,
})
export class ZoneSwitch {
  protected readonly time = inject(ClockTime);
}
