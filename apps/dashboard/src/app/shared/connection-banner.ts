import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Icon } from './icon';
import { Live } from './live';
import { Ticker } from './ticker';

/** Says when the server is gone and when the next attempt is. The page stays as it is meanwhile. */
@Component({
  selector: 'ma-connection-banner',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div role="status" aria-live="polite">
      @if (lost()) {
        <p>
          <ma-icon name="cloud_off" />
          <span>The connection to the server is lost. What you see is as it was.</span>
          <span class="num" aria-hidden="true">{{ retryText() }}</span>
          <button type="button" class="button small" (click)="live.retryNow()">Try now</button>
        </p>
      }
    </div>
  `,
  styles: `
    p { display: flex; align-items: center; gap: 10px; flex-wrap: wrap; padding: 8px 20px; background: #2d1c1d; border-bottom: 1px solid #5a2f2e; color: #ffd3ce; }
    .num { color: #e9aaa4; }
  `,
})
export class ConnectionBanner {
  protected readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  /** A first failure within the first seconds is not worth a banner: the retry follows at once. */
  protected readonly lost = computed(() => {
    const state = this.live.connection();
    return state.kind === 'lost' || (state.kind === 'connecting' && this.live.streams() !== null);
  });
  protected readonly retryText = computed(() => {
    const state = this.live.connection();
    if (state.kind !== 'lost') return 'Trying…';
    return `Next try in ${Math.max(0, Math.ceil((state.retryAt - this.ticker.now()) / 1000))} s`;
  });
}
