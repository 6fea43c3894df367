import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { formatDuration, formatPercent } from '../shared/format';
import { AppearanceRows } from './appearance-rows';
import { LiveStore } from './live-store';
import { ObjectsChart } from './objects-chart';
import { countClasses, visibleOf } from './results';

/** How far back it is looked for how long a class has been there, ms. */
const LOOK_BACK_MS = 300_000;
const MINUTE_MS = 60_000;
/** Classes of the last minute that are listed at once. */
const TOP = 6;

/** What the models see on the shown frame and over the last minute, and all that appeared in the session. */
@Component({
  selector: 'ma-results-panel',
  imports: [ObjectsChart, AppearanceRows],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './results-panel.html',
  styleUrl: './results-panel.scss',
})
export class ResultsPanel {
  protected readonly store = inject(LiveStore);
  protected readonly top = TOP;
  protected readonly allCounts = signal(false);

  protected readonly visible = computed(() => {
    const shown = this.store.shownPtsMs();
    this.store.revision();
    if (shown === null) return [];
    const { timeline } = this.store;
    return visibleOf(timeline.at(shown).boxes, timeline.range(shown - LOOK_BACK_MS, shown + 1), this.store.filter());
  });
  protected readonly counts = computed(() => {
    const shown = this.store.panelTick();
    return shown === null
      ? []
      : countClasses(this.store.timeline.range(shown - MINUTE_MS, shown + 1), this.store.filter());
  });
  protected readonly topCounts = computed(() => (this.allCounts() ? this.counts() : this.counts().slice(0, TOP)));
  protected readonly most = computed(() => Math.max(1, ...this.counts().map((entry) => entry.most)));

  protected color(label: string): string {
    return this.store.palette.colorOf(label);
  }

  protected readonly percent = formatPercent;

  protected drawLabel(label: string): string {
    return $localize`Draw ${label}:class:`;
  }

  protected since(fromMs: number): string {
    return formatDuration((this.store.shownPtsMs() ?? fromMs) - fromMs);
  }
}
