import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Icon } from '../shared/icon';
import { ProblemNote } from '../shared/problem-note';
import { When } from '../shared/when';
import { LiveStore } from './live-store';

const NOTES = {
  none: null,
  unreadable: $localize`The link’s time cannot be read; the recording plays from its beginning.`,
  before: $localize`The link’s moment is not stored any more; this is the oldest that is.`,
  after: $localize`The recording ends before the link’s moment; this is its end.`,
} as const;

/** Says that a recording is watched, which one, and how to come back to what is on air. */
@Component({
  selector: 'ma-watched-notes',
  imports: [RouterLink, Icon, ProblemNote, When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (store.recording(); as recording) {
      <p class="bar">
        <ma-icon name="replay" />
        <span i18n>Recording of <ma-when [at]="recording.startedAt" form="smart" /></span>
        <a class="button small" [class.primary]="onAir()" [routerLink]="['/streams', recording.streamId]">@if (onAir()) { <i class="dot" aria-hidden="true"></i><ng-container i18n>On air now: watch live</ng-container> } @else { <ng-container i18n>The stream’s page</ng-container> }</a>
      </p>
      @if (note(); as text) { <ma-problem-note severity="warning">{{ text }}</ma-problem-note> }
    }
  `,
  styles: `
    :host { display: grid; gap: 8px; }
    :host:empty { display: none; }
    .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; color: var(--muted); }
    .bar .button { margin-left: auto; }
    .dot { width: 7px; height: 7px; border-radius: 50%; background: var(--live); }
  `,
})
export class WatchedNotes {
  protected readonly store = inject(LiveStore);
  protected readonly onAir = computed(() => {
    const state = this.store.stream()?.state;
    return state === 'live' || state === 'reconnecting';
  });
  protected readonly note = computed(() => NOTES[this.store.moment()?.note ?? 'none']);
}
