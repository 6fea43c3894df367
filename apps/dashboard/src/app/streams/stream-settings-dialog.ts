import {
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import type { Stream } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { CopyField } from '../shared/copy-field';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ProblemNote } from '../shared/problem-note';
import { type FieldResult, parseDays, parseGigabytes, retentionText } from './retention-fields';
import { StreamActions } from './stream-actions';

/** Name, retention, key and deletion of a stream. */
@Component({
  imports: [MatDialogModule, CopyField, Icon, ProblemNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <form class="dialog" novalidate (submit)="save($event)">
      <header>
        <h2 id="stream-settings-title" i18n>Stream settings</h2>
        <button type="button" class="icon-button" mat-dialog-close i18n-aria-label aria-label="Close"><ma-icon name="close" /></button>
      </header>
      <div class="field">
        <label for="settings-name" i18n>Name</label>
        <input #nameInput id="settings-name" class="input" maxlength="100" required cdkFocusInitial autocomplete="off" [value]="name()" (input)="name.set(valueOf($event))"
          [attr.aria-invalid]="nameError() ? true : null" [attr.aria-describedby]="nameError() ? 'settings-name-error' : null" />
        @if (nameError(); as text) { <p id="settings-name-error" class="field-error" role="alert">{{ text }}</p> }
      </div>
      <fieldset>
        <legend i18n>Keep recordings</legend>
        <div class="pair">
          <div class="field">
            <label for="settings-age" i18n>At most, days</label>
            <input #ageInput id="settings-age" class="input" inputmode="decimal" autocomplete="off" i18n-placeholder placeholder="No limit" [value]="days()" (input)="days.set(valueOf($event))"
              [attr.aria-invalid]="ageError() ? true : null" [attr.aria-describedby]="ageError() ? 'settings-age-error' : 'settings-retention-hint'" />
            @if (ageError(); as text) { <p id="settings-age-error" class="field-error" role="alert">{{ text }}</p> }
          </div>
          <div class="field">
            <label for="settings-size" i18n>At most, GB</label>
            <input #sizeInput id="settings-size" class="input" inputmode="decimal" autocomplete="off" i18n-placeholder placeholder="No limit" [value]="gigabytes()" (input)="gigabytes.set(valueOf($event))"
              [attr.aria-invalid]="sizeError() ? true : null" [attr.aria-describedby]="sizeError() ? 'settings-size-error' : 'settings-retention-hint'" />
            @if (sizeError(); as text) { <p id="settings-size-error" class="field-error" role="alert">{{ text }}</p> }
          </div>
        </div>
        <p id="settings-retention-hint" class="hint" i18n>What is over a limit is deleted, oldest first.</p>
      </fieldset>
      <div class="keys">
        <ma-copy-field i18n-label label="Server" [value]="stream().ingestServer" />
        <ma-copy-field i18n-label label="Stream key" [value]="stream().streamKey" [secret]="true" />
        <button type="button" class="button small" (click)="rotate()"><ma-icon name="refresh" /> <ng-container i18n>New stream key…</ng-container></button>
      </div>
      @if (problem(); as text) { <ma-problem-note>{{ text }}</ma-problem-note> }
      <footer>
        <button type="button" class="button danger" (click)="remove()" i18n>Delete…</button>
        <span class="space"></span>
        <button type="button" class="button" mat-dialog-close i18n>Cancel</button>
        <button type="submit" class="button primary" [disabled]="busy()" i18n>Save</button>
      </footer>
    </form>
  `,
  styles: `
    fieldset { border: 0; padding: 0; margin: 0; display: grid; gap: 6px; min-width: 0; }
    legend { padding: 0 0 6px; font-weight: 600; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; align-items: start; }
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
  private readonly nameInput = viewChild.required<ElementRef<HTMLInputElement>>('nameInput');
  private readonly ageInput = viewChild.required<ElementRef<HTMLInputElement>>('ageInput');
  private readonly sizeInput = viewChild.required<ElementRef<HTMLInputElement>>('sizeInput');
  protected readonly stream = signal(inject<Stream>(MAT_DIALOG_DATA));
  private readonly kept = this.stream().retention;
  private readonly keptText = retentionText(this.kept);
  protected readonly name = signal(this.stream().name);
  protected readonly days = signal(this.keptText.days);
  protected readonly gigabytes = signal(this.keptText.gigabytes);
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  private readonly age = computed(() => parseDays(this.days(), this.kept.maxAgeMs));
  private readonly size = computed(() => parseGigabytes(this.gigabytes(), this.kept.maxBytes));
  protected readonly nameError = computed(() => (this.name().trim() ? null : $localize`The stream needs a name`));
  protected readonly ageError = computed(() => errorOf(this.age()));
  protected readonly sizeError = computed(() => errorOf(this.size()));

  protected valueOf(event: Event): string {
    return event.target instanceof HTMLInputElement ? event.target.value : '';
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const wrong = this.firstWrong();
    if (wrong) {
      // Whoever presses Save is taken to what keeps it from being saved; the text beside it says why.
      wrong.nativeElement.focus();
      return;
    }
    const retention = { maxAgeMs: limitOf(this.age()), maxBytes: limitOf(this.size()) };
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

  private firstWrong(): ElementRef<HTMLInputElement> | null {
    if (this.nameError()) return this.nameInput();
    if (this.ageError()) return this.ageInput();
    return this.sizeError() ? this.sizeInput() : null;
  }
}

function errorOf(field: FieldResult): string | null {
  return 'error' in field ? field.error : null;
}

function limitOf(field: FieldResult): number | null {
  return 'error' in field ? null : field.value;
}
