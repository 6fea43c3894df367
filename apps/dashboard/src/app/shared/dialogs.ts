import type { ComponentType } from '@angular/cdk/portal';
import { DOCUMENT, Injectable, inject } from '@angular/core';
import { MatDialog, type MatDialogConfig, type MatDialogRef } from '@angular/material/dialog';

/** Opens dialogs that take the keyboard at once and give it back to what lasts. The one way to open a dialog. */
@Injectable({ providedIn: 'root' })
export class Dialogs {
  private readonly dialog = inject(MatDialog);
  private readonly document = inject(DOCUMENT);

  /** As `MatDialog.open`. The focus goes into the dialog before the next key, and on closing back to where it was. */
  open<T, D = unknown, R = unknown>(component: ComponentType<T>, config: MatDialogConfig<D>): MatDialogRef<T, R> {
    return this.dialog.open<T, D, R>(component, {
      // The default waits for the end of the animation: what is typed until then would be lost.
      delayFocusTrap: false,
      restoreFocus: focusKeeper(this.document) ?? true,
      ...config,
    });
  }
}

/** What has the focus; for an item of a menu, which is gone in a moment, the button that opened the menu. */
function focusKeeper(document: Document): HTMLElement | null {
  const focused = document.activeElement;
  const menu = focused?.closest('[role="menu"]');
  const keeper = menu?.id ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`) : focused;
  return keeper instanceof HTMLElement ? keeper : null;
}
