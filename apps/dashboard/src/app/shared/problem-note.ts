import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { Icon } from './icon';

/** What went wrong, in the server's words, and a way to try again. */
@Component({
  selector: 'ma-problem-note',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div [class]="severity()" [attr.role]="severity() === 'error' ? 'alert' : null">
      <ma-icon [name]="severity() === 'error' ? 'error' : 'warning'" />
      <div class="text"><ng-content /></div>
      @if (action()) { <button type="button" class="button small" (click)="act.emit()">{{ action() }}</button> }
    </div>
  `,
  styles: `
    :host > div { display: flex; align-items: center; gap: 10px; padding: 8px 12px; border-radius: var(--radius-small); border: 1px solid var(--warn-line); background: var(--warn-soft); color: var(--on-warn-soft); }
    .error { border-color: var(--bad-line); background: var(--bad-soft); color: var(--on-bad-soft); }
    ma-icon { font-size: 15px; color: var(--warn); }
    .error ma-icon { color: var(--bad); }
    .text { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  `,
})
export class ProblemNote {
  readonly severity = input<'warning' | 'error'>('error');
  readonly action = input<string | null>(null);
  readonly act = output<void>();
}
