import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { codecName, formatDuration } from '../shared/format';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { PublishHelp } from '../shared/publish-help';
import { warningText } from '../shared/server-texts';
import { Ticker } from '../shared/ticker';
import { LiveStore } from './live-store';
import type { Stage } from './stage';

/** What is said over the picture or in its place. Changes are announced. */
@Component({
  selector: 'ma-stage-card',
  imports: [Icon, PublishHelp],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './stage-card.html',
  styleUrl: './stage-card.scss',
  host: { '[class]': 'stage().kind' },
})
export class StageCard {
  readonly stage = input.required<Stage>();
  /** The media element waits for data. */
  readonly waiting = input(false);
  readonly replay = output<void>();
  protected readonly store = inject(LiveStore);
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly codecName = codecName;
  protected readonly warningText = warningText;

  /** `8.3`: seconds with one digit, whole ones without. */
  protected seconds(ms: number): string {
    return String(Math.round(ms / 100) / 10);
  }

  protected readonly secondsLeft = computed(() => {
    const stage = this.stage();
    if (stage.kind !== 'reconnecting' || stage.untilAt === null) return null;
    return Math.max(0, Math.ceil((stage.untilAt - this.live.serverTime(this.ticker.now())) / 1000));
  });
  protected readonly endedText = computed(() => {
    const session = this.store.session();
    if (!session?.endedAt) return '';
    const ago = formatDuration(this.live.serverTime(this.ticker.now()) - session.endedAt);
    return $localize`${ago}:ago: ago, after ${formatDuration(session.durationMs)}:duration:`;
  });
}
