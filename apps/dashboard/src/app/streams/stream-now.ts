import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Stream, StreamSummary } from '@media-analyzer/protocol';
import { Condition } from '../shared/condition';
import { formatBitrate } from '../shared/format';
import { Live } from '../shared/live';
import { isOnAir } from '../shared/stream-state';

/** The newest summary of a stream on air; null when it is not on air or nothing was told yet. */
export function currentSummary(stream: Stream, told: ReadonlyMap<string, StreamSummary>): StreamSummary | null {
  if (!isOnAir(stream)) return null;
  const live = told.get(stream.id);
  const own = stream.summary ?? null;
  // A state that has just changed comes with the stream itself, sooner than the next round of summaries.
  return live && (!own || live.at >= own.at) ? live : own;
}

/** How a stream on air does right now: one word with its reason, bit rate, and what is seen. */
@Component({
  selector: 'ma-stream-now',
  imports: [Condition],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (summary(); as now) {
      <ma-condition [condition]="now.condition" />
      @if (now.bitrate > 0) { <span class="num rate">{{ rate(now.bitrate) }}</span> }
      @if (now.seen.length > 0) {
        <ul i18n-aria-label="what is seen, most at one time" aria-label="Seen right now">
          @for (one of now.seen; track one.label) { <li>{{ one.label }} <b class="num">{{ one.count }}</b></li> }
        </ul>
      }
    }
  `,
  styles: `
    :host { display: flex; flex-wrap: wrap; gap: 3px 10px; align-items: center; min-width: 0; font-size: 12px; }
    :host:empty { display: none; }
    .rate { color: var(--muted); white-space: nowrap; }
    ul { display: flex; flex-wrap: wrap; gap: 4px; min-width: 0; }
    li { padding: 0 7px; border-radius: 9px; background: var(--raised); border: 1px solid var(--line); line-height: 18px; white-space: nowrap; }
  `,
})
export class StreamNow {
  readonly stream = input.required<Stream>();
  private readonly live = inject(Live);
  /** Equal summaries are one and the same object, so a row whose stream did not change is not drawn again. */
  protected readonly summary = computed(() => currentSummary(this.stream(), this.live.summaries()), {
    equal: sameSummary,
  });
  protected readonly rate = formatBitrate;
}

function sameSummary(a: StreamSummary | null, b: StreamSummary | null): boolean {
  return a === b || (a !== null && b !== null && JSON.stringify({ ...a, at: 0 }) === JSON.stringify({ ...b, at: 0 }));
}
