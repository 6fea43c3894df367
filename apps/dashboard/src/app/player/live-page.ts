import { ChangeDetectionStrategy, Component, computed, effect, inject, input, untracked } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ModelFetch } from '../shared/model-fetch';
import { PageTitle } from '../shared/page-title';
import { ProblemNote } from '../shared/problem-note';
import { StateBadge } from '../shared/state-badge';
import { StreamMenu } from '../streams/stream-menu';
import { HealthPanel } from './health-panel';
import { LiveStore } from './live-store';
import { OverlaySwitches } from './overlay-switches';
import { Player } from './player';
import { QualityBadges } from './quality-badges';
import { ResultsPanel } from './results-panel';

/** One stream: its picture with what the models see, the results as they come, and how well all of it works. */
@Component({
  imports: [
    RouterLink,
    Icon,
    StateBadge,
    StreamMenu,
    Player,
    QualityBadges,
    ResultsPanel,
    HealthPanel,
    OverlaySwitches,
    ProblemNote,
    ModelFetch,
  ],
  providers: [LiveStore],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './live-page.html',
  styleUrl: './live-page.scss',
})
export class LivePage {
  /** From the route. */
  readonly id = input.required<string>();
  protected readonly store = inject(LiveStore);
  private readonly live = inject(Live);
  private readonly router = inject(Router);
  private readonly title = inject(PageTitle);

  protected readonly warnings = computed(() => {
    const missing = this.store.missingModel();
    const warnings = this.store.health()?.warnings ?? [];
    const unplayable = this.store.stage()?.kind === 'unplayable';
    // The missing model has a note of its own, with a button, and the stage says what cannot be played.
    return warnings.filter(
      ({ code }) =>
        !(missing && code === 'model_missing') && !(unplayable && code === 'codec_not_playable_in_browsers'),
    );
  });
  protected readonly problem = computed(() => {
    const problem = this.store.stream()?.problem ?? null;
    return problem?.code === 'model_missing' && this.store.missingModel() ? null : problem;
  });
  protected readonly notices = computed(() =>
    this.live
      .notices()
      .filter(
        (notice) =>
          notice.streamId === this.id() &&
          notice.message !== this.problem()?.message &&
          notice.code !== 'model_missing',
      ),
  );
  protected readonly onAir = computed(() => {
    const state = this.store.stream()?.state;
    return state === 'live' || state === 'reconnecting';
  });

  /** There is or was a picture here, so there is something to switch on it. */
  protected readonly drawable = computed(() => {
    const kind = this.store.stage()?.kind;
    return kind !== 'unplayable' && kind !== 'no-video';
  });

  constructor() {
    effect(() => {
      const id = this.id();
      untracked(() => void this.store.open(id));
    });
    effect(() => {
      const name = this.store.stream()?.name;
      if (name) this.title.set(name);
    });
  }

  protected leave(): void {
    void this.router.navigate(['/streams']);
  }
}
