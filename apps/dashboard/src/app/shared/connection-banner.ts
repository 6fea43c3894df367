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
      @if (live.lost()) {
        <p>
          <ma-icon name="cloud_off" />
          <span i18n>The connection to the server is lost. What you see is as it was.</span>
          <span class="num" aria-hidden="true">{{ retryText() }}</span>
          <button type="button" class="button small" (click)="live.retryNow()" i18n>Try now</button>
        </p>
      }
    </div>
  `,
  styles: `
    p { display: flex; align-items: center; gap: 10px; flex-wrap: wrap; padding: 8px 20px; background: var(--bad-soft); border-bottom: 1px solid var(--bad-line); color: var(--on-bad-soft); }
    .num { color: var(--bad); }
  `,
})
export class ConnectionBanner {
  protected readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly retryText = computed(() => {
    const state = this.live.connection();
    if (state.kind !== 'lost') return $localize`Trying…`;
    const seconds = Math.max(0, Math.ceil((state.retryAt - this.ticker.now()) / 1000));
    return $localize`Next try in ${seconds}:seconds: s`;
  });
}
