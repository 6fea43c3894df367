import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { StateBadge } from '../shared/state-badge';
import { Ticker } from '../shared/ticker';
import { pictureFacts, timeFacts } from './stream-facts';
import { StreamMenu } from './stream-menu';
import { StreamThumbnail } from './stream-thumbnail';

/** Streams as rows. */
@Component({
  selector: 'ma-stream-list',
  imports: [RouterLink, Icon, StateBadge, StreamMenu, StreamThumbnail],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <table class="panel">
      <caption class="visually-hidden">Streams</caption>
      <thead>
        <tr><th scope="col"><span class="visually-hidden">Picture</span></th><th scope="col">Name</th><th scope="col">State</th><th scope="col">Picture format</th><th scope="col">On air</th><th scope="col">Publisher</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr>
      </thead>
      <tbody>
        @for (stream of streams(); track stream.id) {
          <tr>
            <td class="picture"><ma-stream-thumbnail [stream]="stream" /></td>
            <th scope="row" class="name">
              <a [routerLink]="['/streams', stream.id]">{{ stream.name }}</a>
              @if (stream.problem; as problem) { <span class="problem"><ma-icon name="warning" /> {{ problem.message }}</span> }
            </th>
            <td class="state"><ma-state-badge [state]="stream.state" /></td>
            <td class="facts num">{{ picture(stream) ?? '–' }}</td>
            <td class="time num">{{ time(stream, live.serverTime(ticker.now())) }}</td>
            <td class="publisher">
              @if (onAir(stream) && stream.session?.publisher; as publisher) {
                <span class="num">{{ publisher.address }}</span><span class="encoder">{{ publisher.encoder }}</span>
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
  protected readonly live = inject(Live);
  protected readonly ticker = inject(Ticker);
  protected readonly picture = pictureFacts;
  protected readonly time = timeFacts;

  protected onAir(stream: Stream): boolean {
    return stream.state === 'live' || stream.state === 'reconnecting';
  }
}
