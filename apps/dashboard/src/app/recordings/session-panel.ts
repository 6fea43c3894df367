import {
  booleanAttribute,
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  signal,
  untracked,
} from '@angular/core';
import type { Recording, ViewerFilter } from '@media-analyzer/protocol';
import { ViewerChoice } from '../overlay/viewer-choice';
import { Api } from '../shared/api';
import { RecordingFacts } from './recording-facts';

/** The facts of a session, with what of it counts for the viewer. */
@Component({
  selector: 'ma-session-panel',
  imports: [RecordingFacts],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `@if (shown(); as recording) { <ma-recording-facts [recording]="recording" [title]="title()" /> }`,
  styles: ':host { display: block; } :host:empty { display: none; }',
})
export class SessionPanel {
  readonly streamId = input.required<string>();
  readonly sessionId = input.required<string>();
  /** It is what is watched, not what was on air last. */
  readonly watched = input(false, { transform: booleanAttribute });
  /** Ask anew when it changes. */
  readonly version = input('');
  private readonly api = inject(Api);
  private readonly choice = inject(ViewerChoice);
  protected readonly shown = signal<Recording | null>(null);
  protected readonly title = computed(() => (this.watched() ? $localize`This recording` : $localize`Last time on air`));

  constructor() {
    effect(() => {
      const [streamId, sessionId, filter] = [this.streamId(), this.sessionId(), this.choice.settledFilter()];
      this.version();
      untracked(() => void this.load(streamId, sessionId, filter));
    });
  }

  private async load(streamId: string, sessionId: string, filter: ViewerFilter): Promise<void> {
    if (this.shown()?.id !== sessionId) this.shown.set(null);
    const recording = await this.api.recording(streamId, sessionId, filter).catch(() => null);
    // The list of recordings on the same page says what is wrong with the server.
    if (sessionId === this.sessionId() && filter === this.choice.settledFilter()) this.shown.set(recording);
  }
}
