import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Router } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ProblemNote } from '../shared/problem-note';
import { PublishHelp } from '../shared/publish-help';

/** Two steps: a name, then what to paste into the encoder. */
@Component({
  imports: [MatDialogModule, Icon, ProblemNote, PublishHelp],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (created(); as stream) {
      <div class="dialog">
        <header>
          <h2 id="create-stream-title" tabindex="-1" class="name" i18n>“{{ stream.name }}” is ready to receive</h2>
          <button type="button" class="icon-button" mat-dialog-close i18n-aria-label aria-label="Close"><ma-icon name="close" /></button>
        </header>
        <ma-publish-help [stream]="stream" />
        <footer>
          <button type="button" class="button" mat-dialog-close i18n>Close</button>
          <button type="button" class="button primary" (click)="openStream(stream)" i18n>Open stream page</button>
        </footer>
      </div>
    } @else {
      <form class="dialog" (submit)="create($event)">
        <header>
          <h2 id="create-stream-title" i18n>Create a stream</h2>
          <button type="button" class="icon-button" mat-dialog-close i18n-aria-label aria-label="Close"><ma-icon name="close" /></button>
        </header>
        <div class="field">
          <label for="create-name" i18n>Name</label>
          <input id="create-name" class="input" maxlength="100" required pattern=".*\\S.*" cdkFocusInitial autocomplete="off" i18n-placeholder placeholder="Studio camera 1"
            [value]="name()" (input)="setName($event)" aria-describedby="create-hint" />
          <p id="create-hint" class="hint" i18n>You get a server address and a stream key for OBS or any other RTMP encoder.</p>
        </div>
        @if (problem(); as text) { <ma-problem-note>{{ text }}</ma-problem-note> }
        <footer>
          <button type="button" class="button" mat-dialog-close i18n>Cancel</button>
          <button type="submit" class="button primary" [disabled]="busy()" i18n>Create</button>
        </footer>
      </form>
    }
  `,
  styles: `.name { min-width: 0; overflow-wrap: anywhere; }`,
})
export class CreateStreamDialog {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly router = inject(Router);
  private readonly dialog = inject<MatDialogRef<CreateStreamDialog>>(MatDialogRef);
  protected readonly name = signal('');
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  protected readonly created = signal<Stream | null>(null);

  protected setName(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.name.set(event.target.value);
  }

  protected async create(event: Event): Promise<void> {
    event.preventDefault();
    // The browser asks for a name. A button that is disabled until it has one would not take Enter right after the last letter.
    if (this.busy()) return;
    this.busy.set(true);
    this.problem.set(null);
    try {
      const stream = await this.api.createStream({ name: this.name().trim() });
      this.live.putStream(stream);
      this.created.set(stream);
      // The form with the focus is gone; without this the focus would fall out of the dialog.
      setTimeout(() => document.getElementById('create-stream-title')?.focus());
    } catch (error) {
      this.problem.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }

  protected openStream(stream: Stream): void {
    this.dialog.close();
    void this.router.navigate(['/streams', stream.id]);
  }
}
