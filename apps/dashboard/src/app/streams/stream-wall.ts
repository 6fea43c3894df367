import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { keepFocus } from '../shared/keep-focus';
import { problemText } from '../shared/server-texts';
import { StateBadge } from '../shared/state-badge';
import { Refused } from './refused';
import { StreamAge } from './stream-age';
import { pictureFacts } from './stream-facts';
import { StreamMenu } from './stream-menu';
import { StreamNow } from './stream-now';
import { StreamThumbnail } from './stream-thumbnail';

/** Streams as pictures. */
@Component({
  selector: 'ma-stream-wall',
  imports: [RouterLink, Icon, Refused, StateBadge, StreamAge, StreamMenu, StreamNow, StreamThumbnail],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <ul>
      @for (stream of streams(); track stream.id) {
        <li class="panel" [class.on-air]="stream.state === 'live'" (pointerenter)="thumbnail.enter($event)">
          <ma-stream-thumbnail #thumbnail [stream]="stream" />
          <ma-state-badge class="state" [state]="stream.state" />
          <div class="foot">
            <a [routerLink]="['/streams', stream.id]" [title]="stream.name">{{ stream.name }}</a>
            <ma-stream-age class="num time" [stream]="stream" />
            <ma-stream-menu [stream]="stream" />
            <ma-stream-now class="row" [stream]="stream" />
            @if (stream.problem; as problem) { <p class="problem"><ma-icon name="warning" /> {{ text(problem) }}</p> }
            @else { <p class="num">@if (picture(stream); as facts) { {{ facts }} } @else { <ng-container i18n>Waiting for an encoder</ng-container> }</p> }
            <ma-refused class="row" [refusals]="stream.refusals ?? []" />
          </div>
        </li>
      }
    </ul>
  `,
  styles: `
    ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 12px; }
    li { position: relative; overflow: hidden; transition: border-color 120ms; }
    li:hover { border-color: var(--line-strong); }
    ma-stream-thumbnail { border-radius: 0; font-size: 28px; }
    .state { position: absolute; left: 8px; top: 8px; }
    .foot { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 0 10px; align-items: center; padding: 8px 6px 10px 12px; border-top: 1px solid var(--line); }
    a { color: var(--text); font-weight: 580; font-size: 14px; text-decoration: none; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    a::after { content: ''; position: absolute; inset: 0; }
    a:focus-visible { outline: none; }
    a:focus-visible::after { outline: 2px solid var(--accent-strong); outline-offset: -2px; border-radius: var(--radius); }
    .time { color: var(--muted); }
    ma-stream-menu { position: relative; z-index: 1; }
    .row { grid-column: 1 / -1; }
    p { grid-column: 1 / -1; color: var(--muted); font-size: 12px; }
    .problem { color: var(--warn); }
  `,
})
export class StreamWall {
  readonly streams = input.required<readonly Stream[]>();
  protected readonly picture = pictureFacts;
  protected readonly text = problemText;

  constructor() {
    keepFocus(this.streams);
  }
}
