import { ChangeDetectionStrategy, Component, Injectable, inject } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule } from '@angular/material/dialog';
import { firstValueFrom } from 'rxjs';
import { Dialogs } from './dialogs';
import { Icon } from './icon';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** What happens to those who are watching or publishing right now, or null when nobody is. */
  readonly warning?: string | null;
  /** Word on the button that does it. */
  readonly confirm: string;
  readonly danger?: boolean;
}

/** Asks before something that cannot be undone. */
@Injectable({ providedIn: 'root' })
export class Confirm {
  private readonly dialogs = inject(Dialogs);

  async ask(question: Question): Promise<boolean> {
    const dialog = this.dialogs.open<ConfirmDialog, Question, boolean>(ConfirmDialog, {
      data: question,
      role: 'alertdialog',
      ariaLabelledBy: 'confirm-title',
      ariaDescribedBy: 'confirm-text',
      width: '420px',
    });
    return (await firstValueFrom(dialog.afterClosed())) === true;
  }
}

@Component({
  imports: [MatDialogModule, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dialog">
      <header><h2 id="confirm-title">{{ question.title }}</h2></header>
      <div id="confirm-text">
        @if (question.warning; as warning) { <p class="warning"><ma-icon name="warning" /><span>{{ warning }}</span></p> }
        <p>{{ question.text }}</p>
      </div>
      <footer>
        <button type="button" class="button" [mat-dialog-close]="false" cdkFocusInitial i18n>Cancel</button>
        <button type="button" class="button" [class.danger]="question.danger" [class.primary]="!question.danger" [mat-dialog-close]="true">{{ question.confirm }}</button>
      </footer>
    </div>
  `,
  styles: `
    h2 { min-width: 0; overflow-wrap: anywhere; }
    #confirm-text { display: grid; gap: 10px; }
    .warning { display: flex; gap: 8px; align-items: baseline; color: var(--warn); font-weight: 540; }
    p { overflow-wrap: anywhere; }
  `,
})
class ConfirmDialog {
  protected readonly question = inject<Question>(MAT_DIALOG_DATA);
}
