import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { NoticeRecord } from '@media-analyzer/protocol';
import { Live } from '../shared/live';
import { problemText } from '../shared/server-texts';
import { When } from '../shared/when';

/** What operators had to know: since when, how often, and whether it goes on. */
@Component({
  selector: 'ma-notice-list',
  imports: [When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <ul>
      @for (one of records(); track one.id) {
        <li [class.on]="one.overAt === null">
          <p class="text">{{ text(one) }}@if (streamName(one.streamId); as name) { <span class="muted">{{ name }}</span> }</p>
          @if (text(one) !== one.message) { <p class="muted own">{{ one.message }}</p> }
          <p class="facts muted">
            <span><ng-container i18n="followed by a moment">since</ng-container>&ngsp;<ma-when [at]="one.since" /></span>
            <span i18n>{one.times, plural, =1 {once} other {{{one.times}} times}}</span>
            @if (one.times > 1) { <span><ng-container i18n="followed by a moment">last</ng-container>&ngsp;<ma-when [at]="one.lastAt" /></span> }
            <b>@if (one.overAt === null) { <ng-container i18n="a notice goes on">ongoing</ng-container> } @else { <ng-container i18n="a notice has ended">over</ng-container> }</b>
          </p>
        </li>
      } @empty { <li class="muted" i18n>Nothing has happened in the last two weeks.</li> }
    </ul>
  `,
  styles: `
    li { padding: 8px 12px; border-left: 3px solid transparent; }
    li + li { border-top: 1px solid var(--line); }
    .on { border-left-color: var(--warn); }
    .text { overflow-wrap: anywhere; }
    .text .muted { margin-left: 8px; }
    .own { font-size: 12px; overflow-wrap: anywhere; }
    .facts { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 12px; }
    .on b { color: var(--warn); }
  `,
})
export class NoticeList {
  readonly records = input.required<readonly NoticeRecord[]>();
  private readonly live = inject(Live);
  protected readonly text = problemText;

  protected streamName(streamId: string | null): string | null {
    return this.live.streams()?.find(({ id }) => id === streamId)?.name ?? null;
  }
}
