import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import type { Stream } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { CopyField } from '../shared/copy-field';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ProblemNote } from '../shared/problem-note';
import { parseRetention, retentionText } from './retention-fields';
import { StreamActions } from './stream-actions';

/** Name, retention, key and deletion of a stream. */
@Component({
  imports: [MatDialogModule, CopyField, Icon, ProblemNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <form class="dialog" (submit)="save($event)">
      <header>
        <h2 id="stream-settings-title">Stream settings</h2>
        <button type="button" class="icon-button" mat-dialog-close aria-label="Close"><ma-icon name="close" /></button>
      </header>
      <div class="field">
        <label for="settings-name">Name</label>
        <input id="settings-name" class="input" maxlength="100" required cdkFocusInitial [value]="name()" (input)="name.set(valueOf($event))" />
      </div>
      <fieldset>
        <legend>Keep recordings</legend>
        <div class="pair">
          <div class="field">
            <label for="settings-age">At most, hours</label>
            <input id="settings-age" class="input" inputmode="decimal" placeholder="No limit" [value]="hours()" (input)="hours.set(valueOf($event))"
              [attr.aria-invalid]="invalid() ? true : null" aria-describedby="settings-retention-hint" />
          </div>
          <div class="field">
            <label for="settings-size">At most, GB</label>
            <input id="settings-size" class="input" inputmode="decimal" placeholder="No limit" [value]="gigabytes()" (input)="gigabytes.set(valueOf($event))"
              [attr.aria-invalid]="invalid() ? true : null" aria-describedby="settings-retention-hint" />
          </div>
        </div>
        <p id="settings-retention-hint" [class]="invalid() ? 'field-error' : 'hint'">{{ invalid() ?? 'What is over a limit is deleted, oldest first.' }}</p>
      </fieldset>
      <div class="keys">
        <ma-copy-field label="Server" [value]="stream().ingestServer" />
        <ma-copy-field label="Stream key" [value]="stream().streamKey" [secret]="true" />
        <button type="button" class="button small" (click)="rotate()"><ma-icon name="refresh" /> New stream key…</button>
      </div>
      @if (problem(); as text) { <ma-problem-note>{{ text }}</ma-problem-note> }
      <footer>
        <button type="button" class="button danger" (click)="remove()">Delete…</button>
        <span class="space"></span>
        <button type="button" class="button" mat-dialog-close>Cancel</button>
        <button type="submit" class="button primary" [disabled]="busy() || !name().trim()">Save</button>
      </footer>
    </form>
  `,
  styles: `
    fieldset { border: 0; padding: 0; margin: 0; display: grid; gap: 6px; min-width: 0; }
    legend { padding: 0 0 6px; font-weight: 600; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
    .keys { display: grid; gap: 10px; justify-items: start; padding-top: 14px; border-top: 1px solid var(--line); }
    .keys ma-copy-field { width: 100%; }
    .space { flex: 1; }
  `,
})
export class StreamSettingsDialog {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly actions = inject(StreamActions);
  private readonly dialog = inject<MatDialogRef<StreamSettingsDialog>>(MatDialogRef);
  protected readonly stream = signal(inject<Stream>(MAT_DIALOG_DATA));
  private readonly kept = retentionText(this.stream().retention);
  protected readonly name = signal(this.stream().name);
  protected readonly hours = signal(this.kept.hours);
  protected readonly gigabytes = signal(this.kept.gigabytes);
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  private readonly retention = computed(() => parseRetention({ hours: this.hours(), gigabytes: this.gigabytes() }));
  protected readonly invalid = computed(() => {
    const retention = this.retention();
    return typeof retention === 'string' ? retention : null;
  });

  protected valueOf(event: Event): string {
    return event.target instanceof HTMLInputElement ? event.target.value : '';
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const retention = this.retention();
    if (typeof retention === 'string' || !this.name().trim()) return;
    this.busy.set(true);
    this.problem.set(null);
    try {
      this.live.putStream(await this.api.updateStream(this.stream().id, { name: this.name().trim(), retention }));
      this.dialog.close();
    } catch (error) {
      this.problem.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }

  protected async rotate(): Promise<void> {
    const changed = await this.actions.rotateKey(this.stream());
    if (changed) this.stream.set(changed);
  }

  protected async remove(): Promise<void> {
    if (await this.actions.remove(this.stream())) this.dialog.close();
  }
}
