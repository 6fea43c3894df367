import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { MatMenuModule } from '@angular/material/menu';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { StreamActions } from './stream-actions';
import { StreamSettingsDialog } from './stream-settings-dialog';

/** What can be done with a stream. */
@Component({
  selector: 'ma-stream-menu',
  imports: [MatMenuModule, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button type="button" class="icon-button" [matMenuTriggerFor]="menu" [attr.aria-label]="'Actions for ' + stream().name"><ma-icon name="more_vert" /></button>
    <mat-menu #menu="matMenu" xPosition="before">
      <button mat-menu-item type="button" (click)="settings()"><ma-icon name="settings" />Settings</button>
      <button mat-menu-item type="button" (click)="actions.rotateKey(stream())"><ma-icon name="key" />New stream key…</button>
      <button mat-menu-item type="button" class="danger" (click)="remove()"><ma-icon name="delete" />Delete…</button>
    </mat-menu>
  `,
})
export class StreamMenu {
  readonly stream = input.required<Stream>();
  readonly removed = output<void>();
  protected readonly actions = inject(StreamActions);
  private readonly dialog = inject(MatDialog);

  protected settings(): void {
    this.dialog.open(StreamSettingsDialog, {
      data: this.stream(),
      width: '520px',
      ariaLabelledBy: 'stream-settings-title',
    });
  }

  protected async remove(): Promise<void> {
    if (await this.actions.remove(this.stream())) this.removed.emit();
  }
}
