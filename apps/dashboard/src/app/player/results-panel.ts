import { LiveAnnouncer } from '@angular/cdk/a11y';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { classColor } from '../overlay/class-colors';
import { formatClock, formatDuration } from '../shared/format';
import { LiveStore } from './live-store';
import { ObjectsChart } from './objects-chart';
import { type Appearance, appearances, countClasses, visibleAt } from './results';

/** Results as far as the panel looks back, ms. */
const MINUTE_MS = 60_000;
const RECENT_MS = 300_000;
const RECENT_LIMIT = 40;

/** What the models see on the shown frame, over the last minute, and which objects came and went. */
@Component({
  selector: 'ma-results-panel',
  imports: [ObjectsChart],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './results-panel.html',
  styleUrl: './results-panel.scss',
})
export class ResultsPanel {
  protected readonly store = inject(LiveStore);
  private readonly announcer = inject(LiveAnnouncer);
  protected readonly color = classColor;
  protected readonly clock = formatClock;
  protected readonly duration = formatDuration;

  protected readonly visible = computed(() => {
    const shown = this.store.shownPtsMs();
    return shown === null ? [] : visibleAt(this.store.timeline.range(shown - RECENT_MS, shown + 1), shown);
  });
  protected readonly counts = computed(() => {
    const shown = this.store.panelTick();
    return shown === null ? [] : countClasses(this.store.timeline.range(shown - MINUTE_MS, shown + 1));
  });
  protected readonly most = computed(() => Math.max(1, ...this.counts().map((entry) => entry.objects)));
  protected readonly recent = computed(() => {
    const shown = this.store.panelTick();
    return shown === null
      ? []
      : appearances(this.store.timeline.range(shown - RECENT_MS, shown + 1), shown, RECENT_LIMIT);
  });

  protected percent(score: number): string {
    return `${Math.round(score * 100)}%`;
  }

  protected since(fromMs: number): string {
    return formatDuration((this.store.shownPtsMs() ?? fromMs) - fromMs);
  }

  protected show(appearance: Appearance): void {
    const found = this.store.seekToPts(appearance.firstMs);
    void this.announcer.announce(
      found
        ? `Showing ${appearance.label} at ${formatClock(appearance.firstMs)}`
        : 'That moment is not in the recording any more',
    );
  }
}
