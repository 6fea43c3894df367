import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { keepFocus } from '../shared/keep-focus';
import { problemText } from '../shared/server-texts';
import { StateBadge } from '../shared/state-badge';
import { isOnAir } from '../shared/stream-state';
import { Refused } from './refused';
import { StreamAge } from './stream-age';
import { pictureFacts } from './stream-facts';
import { StreamMenu } from './stream-menu';
import { StreamNow } from './stream-now';
import { StreamThumbnail } from './stream-thumbnail';

/** Streams as rows. */
@Component({
  selector: 'ma-stream-list',
  imports: [RouterLink, Icon, Refused, StateBadge, StreamAge, StreamMenu, StreamNow, StreamThumbnail],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <table class="panel">
      <caption class="visually-hidden" i18n>Streams</caption>
      <thead>
        <tr>
          <th scope="col"><span class="visually-hidden" i18n>Picture</span></th>
          <th scope="col" i18n>Name</th>
          <th scope="col" i18n="column|State of a stream: live, ended">State</th>
          <th scope="col" i18n>Right now</th>
          <th scope="col" i18n="column|How long or how long ago">On air</th>
          <th scope="col" i18n>Publisher</th>
          <th scope="col"><span class="visually-hidden" i18n>Actions</span></th>
        </tr>
      </thead>
      <tbody>
        @for (stream of streams(); track stream.id) {
          <tr (pointerenter)="thumbnail.enter($event)">
            <td class="picture"><ma-stream-thumbnail #thumbnail [stream]="stream" /></td>
            <th scope="row" class="name">
              <a [routerLink]="['/streams', stream.id]" [title]="stream.name">{{ stream.name }}</a>
              <span class="facts num">{{ picture(stream) }}</span>
              @if (stream.problem; as problem) { <span class="problem"><ma-icon name="warning" /> {{ text(problem) }}</span> }
              <ma-refused [refusals]="stream.refusals ?? []" />
            </th>
            <td class="state"><ma-state-badge [state]="stream.state" /></td>
            <td class="now"><ma-stream-now [stream]="stream" /></td>
            <td class="time num"><ma-stream-age [stream]="stream" /></td>
            <td class="publisher">
              @if (onAir(stream) && stream.session?.publisher; as publisher) {
                <span class="num">{{ publisher.address }}</span><span class="encoder" [title]="publisher.encoder ?? ''">{{ publisher.encoder }}</span>
              } @else { <span class="muted">–</span> }
            </td>
            <td class="menu"><ma-stream-menu [stream]="stream" /></td>
          </tr>
        }
      </tbody>
    </table>
  `,
  styleUrl: './stream-list.scss',
})
export class StreamList {
  readonly streams = input.required<readonly Stream[]>();
  protected readonly picture = pictureFacts;
  protected readonly text = problemText;
  protected readonly onAir = isOnAir;

  constructor() {
    keepFocus(this.streams);
  }
}
