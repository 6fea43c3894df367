import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatMenuModule } from '@angular/material/menu';
import type { Stream } from '@media-analyzer/protocol';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { StreamActions } from './stream-actions';
import { StreamSettingsDialog } from './stream-settings-dialog';

/** What can be done with a stream. It may be gone before an action has ended, so it waits for none. */
@Component({
  selector: 'ma-stream-menu',
  imports: [MatMenuModule, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button type="button" class="icon-button" [matMenuTriggerFor]="menu" [attr.aria-label]="label()"><ma-icon name="more_vert" /></button>
    <mat-menu #menu="matMenu" xPosition="before">
      <button mat-menu-item type="button" (click)="settings()"><ma-icon name="settings" /><ng-container i18n>Settings</ng-container></button>
      <button mat-menu-item type="button" (click)="actions.rotateKey(stream())"><ma-icon name="key" /><ng-container i18n>New stream key…</ng-container></button>
      <button mat-menu-item type="button" class="danger" (click)="actions.remove(stream())"><ma-icon name="delete" /><ng-container i18n>Delete…</ng-container></button>
    </mat-menu>
  `,
})
export class StreamMenu {
  readonly stream = input.required<Stream>();
  protected readonly label = computed(() => $localize`Actions for ${this.stream().name}:name:`);
  protected readonly actions = inject(StreamActions);
  private readonly dialogs = inject(Dialogs);

  protected settings(): void {
    this.dialogs.open(StreamSettingsDialog, {
      data: this.stream(),
      width: '520px',
      ariaLabelledBy: 'stream-settings-title',
    });
  }
}
