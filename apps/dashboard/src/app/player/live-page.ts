import { ChangeDetectionStrategy, Component, computed, effect, inject, input, untracked } from '@angular/core';
import { RouterLink } from '@angular/router';
import { RecordingsList } from '../recordings/recordings-list';
import { SessionPanel } from '../recordings/session-panel';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ModelFetch } from '../shared/model-fetch';
import { PageTitle } from '../shared/page-title';
import { ProblemNote } from '../shared/problem-note';
import { problemText } from '../shared/server-texts';
import { STATE_WORDS, StateBadge } from '../shared/state-badge';
import { Refused } from '../streams/refused';
import { StreamActions } from '../streams/stream-actions';
import { StreamMenu } from '../streams/stream-menu';
import { HealthPanel } from './health-panel';
import { LiveStore } from './live-store';
import { OverlaySwitches } from './overlay-switches';
import { Player } from './player';
import { PlayerTools } from './player-tools';
import { PresenceStore } from './presence-store';
import { QualityBadges } from './quality-badges';
import { ResultsPanel } from './results-panel';
import { StreamWarnings } from './stream-warnings';
import { WatchedNotes } from './watched-notes';

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
    Refused,
    ModelFetch,
    StreamWarnings,
    RecordingsList,
    SessionPanel,
    WatchedNotes,
  ],
  providers: [LiveStore, PresenceStore, PlayerTools],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './live-page.html',
  styleUrl: './live-page.scss',
})
export class LivePage {
  /** From the route. */
  readonly id = input.required<string>();
  /** From the route of a recording. */
  readonly sessionId = input<string>();
  /** From the query of a link to a moment. */
  readonly t = input<string>();
  protected readonly store = inject(LiveStore);
  private readonly live = inject(Live);
  protected readonly actions = inject(StreamActions);
  protected readonly text = problemText;
  protected readonly stateWords = STATE_WORDS;
  private readonly title = inject(PageTitle);

  protected readonly warnings = computed(() => {
    const missing = this.store.missingModel();
    const warnings = this.current() ? (this.store.health()?.warnings ?? []) : [];
    const stage = this.store.stage();
    // The missing model has a note of its own, with a button, and what the stage says is said once.
    const said = [
      missing && 'model_missing',
      stage?.kind === 'unplayable' && 'codec_not_playable_in_browsers',
      stage?.kind === 'no-video' && 'no_video',
      stage?.kind === 'no-picture' && stage.cause === 'not-sent' && 'video_stopped',
      stage && 'reason' in stage && stage.reason?.code,
    ];
    return warnings.filter(({ code }) => !said.includes(code));
  });
  protected readonly problem = computed(() => {
    const problem = this.store.played()?.problem ?? null;
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

  /** What is looked at is on air: its health and its latency are news. */
  protected readonly current = computed(() => this.onAir() && this.store.recording() === null);

  protected readonly noRecording = $localize`There is no such recording`;
  /** There is something to look at: what is on air, or a recording. */
  protected readonly playing = computed(() => this.onAir() || this.store.watching());
  /** Changes when a session begins or ends: the list of recordings is another one then. */
  protected readonly version = computed(() => {
    const stream = this.store.stream();
    return `${stream?.session?.id} ${stream?.session?.endedAt}`;
  });

  /** There is or was a picture here, so there is something to switch on it. */
  protected readonly drawable = computed(() => {
    const kind = this.store.stage()?.kind;
    return kind !== 'unplayable' && kind !== 'no-video';
  });

  constructor() {
    effect(() => {
      const id = this.id();
      const sessionId = this.sessionId();
      const t = this.t();
      untracked(() => void this.store.open(id, sessionId === undefined ? null : { sessionId, t }));
    });
    effect(() => {
      const name = this.store.stream()?.name;
      // The route has set its own title on the way to a recording or back.
      this.sessionId();
      if (name) this.title.set(name);
    });
  }
}
