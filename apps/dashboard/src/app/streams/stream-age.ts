import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Stream } from '@media-analyzer/protocol';
import { formatClock } from '../shared/format';
import { Live } from '../shared/live';
import { isOnAir, lastOnAirAt } from '../shared/stream-state';
import { Ticker } from '../shared/ticker';
import { When } from '../shared/when';

/** How long a stream has been on air and since when; of one that is over, how long ago. */
@Component({
  selector: 'ma-stream-age',
  imports: [When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (at(); as at) {
      @if (onAir()) { <span class="num">{{ lasted() }}</span> <span class="since"><ng-container i18n="on air since a time of day">since</ng-container>&ngsp;<ma-when [at]="at" /></span> }
      @else { <ma-when [at]="at" form="ago" /> }
    } @else { <ng-container i18n>Never published</ng-container> }
  `,
  styles:
    ':host { display: inline-flex; flex-wrap: wrap; gap: 0 6px; } .since { color: var(--faint); white-space: nowrap; }',
})
export class StreamAge {
  readonly stream = input.required<Stream>();
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly at = computed(() => lastOnAirAt(this.stream()));
  protected readonly onAir = computed(() => isOnAir(this.stream()));
  protected readonly lasted = computed(() => formatClock(this.live.serverTime(this.ticker.now()) - (this.at() ?? 0)));
}
