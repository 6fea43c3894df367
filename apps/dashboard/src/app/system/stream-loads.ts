import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { StreamLoad } from '@media-analyzer/protocol';
import { Condition } from '../shared/condition';
import { formatBitrate, formatBytes, formatMs, formatRate } from '../shared/format';
import { isOnAir } from '../shared/stream-state';

/** What each stream asks of the server, and what it has stored. */
@Component({
  selector: 'ma-stream-loads',
  imports: [RouterLink, Condition],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="scroll" tabindex="0" role="region" i18n-aria-label aria-label="Load of the streams">
      <table>
        <thead>
          <tr>
            <th scope="col" i18n>Stream</th><th scope="col" i18n>Condition</th><th scope="col" class="end" i18n>Bitrate</th><th scope="col" class="end" i18n>Analysed</th>
            <th scope="col" class="end" i18n>Latency, p50 / p95</th><th scope="col" class="end" i18n>Dropped</th><th scope="col" class="end" i18n>Last hour</th><th scope="col" class="end" i18n>Recordings</th>
          </tr>
        </thead>
        <tbody>
          @for (one of rows(); track one.streamId) {
            <tr>
              <th scope="row"><a [routerLink]="['/streams', one.streamId]" [title]="one.name">{{ one.name }}</a></th>
              <td><ma-condition [condition]="one.condition" [explain]="false" /></td>
              <td class="num end">{{ one.bitrate }}</td>
              <td class="num end">{{ one.rate }}</td>
              <td class="num end">{{ one.latency }}</td>
              <td class="num end" [title]="one.reasons">{{ one.dropped }}</td>
              <td class="num end">
                @if (one.interruptions; as n) {
                  <ng-container i18n>{n.reconnects, plural, =1 {1 reconnect} other {{{ n.reconnects }} reconnects}}, {n.stalls, plural, =1 {1 stall} other {{{ n.stalls }} stalls}}</ng-container>
                } @else { {{ one.hour }} }
              </td>
              <td class="num end">{{ one.stored }}</td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
  styleUrl: './tables.scss',
})
export class StreamLoads {
  readonly streams = input.required<readonly StreamLoad[]>();
  protected readonly rows = computed(() => this.streams().map(loadRow));
}

/** The figures of one stream as text; `–` for what a stream off air does not have. */
export function loadRow(load: StreamLoad) {
  const { streamId, name, condition, frames, captureToResult: latency, reconnects, stalls } = load;
  const onAir = isOnAir(load);
  const lost = Object.values(frames.dropped).reduce((sum, count) => sum + count, 0);
  const share = frames.sampled > 0 ? Math.round((100 * lost) / frames.sampled) : 0;
  return {
    ...{ streamId, name, condition },
    bitrate: onAir ? formatBitrate(load.bitrate) : '–',
    rate: onAir ? $localize`${formatRate(load.analysisRate)}:analyses:/s` : '–',
    latency: latency ? `${formatMs(latency.p50)} / ${formatMs(latency.p95)}` : '–',
    dropped: onAir ? `${lost} (${share} %)` : '–',
    reasons: Object.entries(frames.dropped)
      .map(([reason, count]) => `${reason}: ${count}`)
      .join(', '),
    /** Of the last hour; null when there were none, and then `hour` says so. */
    interruptions: reconnects + stalls > 0 ? { reconnects, stalls } : null,
    hour: onAir ? $localize`:interruptions of a stream|:steady` : '–',
    stored: load.storedBytes > 0 ? formatBytes(load.storedBytes) : '–',
  };
}
