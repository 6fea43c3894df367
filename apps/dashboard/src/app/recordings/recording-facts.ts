import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Recording, SessionEndReason } from '@media-analyzer/protocol';
import { ViewerChoice } from '../overlay/viewer-choice';
import { codecName, formatBytes, formatDuration, formatNumber, formatRate, formatResolution } from '../shared/format';
import { When } from '../shared/when';
import { mediaEndAt, watchableMs } from './recordings-store';

const ENDED: Readonly<Record<SessionEndReason, string>> = {
  publisher_ended: $localize`The publisher ended it`,
  reconnect_window_passed: $localize`The publisher left`,
  stream_deleted: $localize`The stream was deleted`,
  server_stopped: $localize`The server was stopped`,
  server_died: $localize`The server was cut off`,
};

/** What there is to know of a session that is over. */
@Component({
  selector: 'ma-recording-facts',
  imports: [When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let r = recording();
    <section class="panel" aria-labelledby="facts-title">
      <header><h2 id="facts-title">{{ title() }}</h2></header>
      <dl>
        <div><dt i18n>On air</dt><dd><ma-when [at]="r.startedAt" form="smart" /> – @if (r.onAir) { <ng-container i18n>now</ng-container> } @else { <ma-when [at]="endAt()" form="time" /> }</dd></div>
        <div><dt i18n>Length</dt><dd class="num">{{ duration(length()) }}</dd></div>
        <div><dt i18n>Size</dt><dd class="num">{{ bytes(r.storedBytes) }}</dd></div>
        @if (video(); as text) { <div><dt i18n>Picture</dt><dd class="num">{{ text }}</dd></div> }
        @if (audio(); as text) { <div><dt i18n>Sound</dt><dd class="num">{{ text }}</dd></div> }
        @if (r.publisher?.encoder; as encoder) { <div><dt i18n>Encoder</dt><dd>{{ encoder }}</dd></div> }
        @if (r.gaps.length; as gaps) { <div><dt i18n>Interruptions</dt><dd class="num">{{ gaps }}</dd></div> }
        @if (ended(); as text) { <div><dt i18n>End</dt><dd>{{ text }}</dd></div> }
        <div class="wide"><dt i18n>Seen, and the most at one time</dt>
          <dd>@for (seen of r.classes; track seen.label) { <span class="seen">{{ seen.label }} <b class="num">{{ seen.most }}</b></span> } @empty { @if (filtered()) { <ng-container i18n>nothing passes the filter</ng-container> } @else { <ng-container i18n>nothing that the model knows</ng-container> } }</dd></div>
      </dl>
    </section>
  `,
  styles: `
    dl { display: flex; flex-wrap: wrap; gap: 10px 28px; padding: 10px 14px 14px; }
    dt { font-size: 11.5px; color: var(--muted); margin-bottom: 1px; }
    dd { font-weight: 560; overflow-wrap: anywhere; }
    .wide { flex-basis: 100%; }
    .seen { display: inline-block; margin-right: 14px; font-weight: 400; }
  `,
})
export class RecordingFacts {
  readonly recording = input.required<Recording>();
  readonly title = input($localize`This recording`);
  protected readonly filtered = inject(ViewerChoice).filtered;
  protected readonly bytes = formatBytes;
  protected readonly duration = formatDuration;
  protected readonly endAt = computed(() => mediaEndAt(this.recording()));
  protected readonly length = computed(() => watchableMs(this.recording()));
  protected readonly ended = computed(() => {
    const { endReason } = this.recording();
    return endReason === null ? null : ENDED[endReason];
  });
  protected readonly video = computed(() => {
    const { video } = this.recording();
    if (!video) return null;
    const rate = video.frameRate === null ? '' : ` · ${formatRate(video.frameRate)} fps`;
    return `${formatResolution(video)} · ${codecName(video.codec)}${rate}`;
  });
  protected readonly audio = computed(() => {
    const { audio } = this.recording();
    return audio ? `${codecName(audio.codec)} · ${formatNumber(audio.sampleRate / 1000, { max: 2 })} kHz` : null;
  });
}
