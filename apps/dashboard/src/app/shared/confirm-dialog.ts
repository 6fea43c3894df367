import { ChangeDetectionStrategy, Component, Injectable, inject } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialog, MatDialogModule } from '@angular/material/dialog';
import { firstValueFrom } from 'rxjs';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** Word on the button that does it. */
  readonly confirm: string;
  readonly danger?: boolean;
}

/** Asks before something that cannot be undone. */
@Injectable({ providedIn: 'root' })
export class Confirm {
  private readonly dialog = inject(MatDialog);

  async ask(question: Question): Promise<boolean> {
    const dialog = this.dialog.open<ConfirmDialog, Question, boolean>(ConfirmDialog, {
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
  imports: [MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dialog">
      <header><h2 id="confirm-title">{{ question.title }}</h2></header>
      <p id="confirm-text">{{ question.text }}</p>
      <footer>
        <button type="button" class="button" [mat-dialog-close]="false" cdkFocusInitial>Cancel</button>
        <button type="button" class="button" [class.danger]="question.danger" [class.primary]="!question.danger" [mat-dialog-close]="true">{{ question.confirm }}</button>
      </footer>
    </div>
  `,
})
class ConfirmDialog {
  protected readonly question = inject<Question>(MAT_DIALOG_DATA);
}
