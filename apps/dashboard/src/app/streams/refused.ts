import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Refusal } from '@media-analyzer/protocol';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { problemText } from '../shared/server-texts';
import { Ticker } from '../shared/ticker';
import { When } from '../shared/when';

/** A refusal is news for so long, ms: encoders try again every few seconds. */
const NEWS_MS = 10 * 60_000;

/** The newest publisher that was turned away a moment ago, in one line. */
@Component({
  selector: 'ma-refused',
  imports: [Icon, When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (newest(); as one) {
      <p><ma-icon name="warning" /><span><ng-container i18n>An encoder at {{ one.address }} was turned away: {{ text(one) }}</ng-container>&ngsp;<ma-when [at]="one.lastAt" form="ago" /></span></p>
    }
  `,
  styles:
    'p { display: flex; gap: 5px; align-items: baseline; color: var(--warn); font-size: 12px; overflow-wrap: anywhere; }',
})
export class Refused {
  /** The newest first. */
  readonly refusals = input.required<readonly Refusal[]>();
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly text = problemText;
  protected readonly newest = computed(() => {
    const [one] = this.refusals();
    return one && this.live.serverTime(this.ticker.now()) - one.lastAt < NEWS_MS ? one : null;
  });
}
