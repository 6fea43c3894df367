import { A11yModule } from '@angular/cdk/a11y';
import { ChangeDetectionStrategy, Component, output } from '@angular/core';
import { Icon } from '../shared/icon';
import { SHORTCUTS } from './shortcuts';

/** The keys, over the picture, so that it can be read in full screen too. */
@Component({
  selector: 'ma-shortcuts-sheet',
  imports: [A11yModule, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="sheet" role="dialog" aria-modal="true" aria-labelledby="shortcuts-title" cdkTrapFocus cdkTrapFocusAutoCapture>
      <header><h2 id="shortcuts-title" i18n>Keyboard</h2><button type="button" class="icon-button" aria-label="Close" i18n-aria-label (click)="closed.emit()"><ma-icon name="close" /></button></header>
      <dl>
        @for (shortcut of shortcuts; track shortcut.text) {
          <div><dt>@for (key of shortcut.keys; track key) { <kbd>{{ key }}</kbd> }</dt><dd>{{ shortcut.text }}</dd></div>
        }
      </dl>
    </div>
  `,
  styles: `
    :host { position: absolute; inset: 0; display: grid; place-items: center; background: rgb(5 8 11 / 0.72); overflow: auto; }
    .sheet { width: min(340px, 92%); background: var(--surface); border: 1px solid var(--line-strong); border-radius: var(--radius); padding: 10px 14px 14px; }
    header { display: flex; justify-content: space-between; align-items: center; }
    h2 { font-size: 14px; color: var(--text); }
    dl > div { display: flex; gap: 12px; align-items: center; padding: 3px 0; }
    dt { display: flex; gap: 4px; width: 96px; }
    kbd { display: inline-block; min-width: 24px; padding: 1px 6px; border: 1px solid var(--line-strong); border-radius: 4px; background: var(--raised); text-align: center; font: 560 11.5px/1.5 inherit; font-family: inherit; }
  `,
})
export class ShortcutsSheet {
  readonly closed = output<void>();
  protected readonly shortcuts = SHORTCUTS;
}
