import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { Refusal } from '@media-analyzer/protocol';
import { Live } from '../shared/live';
import { When } from '../shared/when';

const ADVICE: Readonly<Record<string, () => string>> = {
  stream_key_unknown: () => $localize`Copy the stream key again from the stream’s settings into the encoder.`,
  stream_key_busy: () => $localize`Stop the encoder that is sending, or give this one a stream of its own.`,
  rtmp_app_unknown: () => $localize`The server address in the encoder must end with /live.`,
  codec_unsupported: () => $localize`Set the encoder to H.264 video and AAC sound.`,
};

/** Publishers that were turned away in the last hour, and what to do about each. */
@Component({
  selector: 'ma-refusal-list',
  imports: [When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <ul>
      @for (one of refusals(); track one.code + one.address + one.encoder + one.streamId) {
        <li>
          <p><b class="num">{{ one.address }}</b>&ngsp;@if (one.encoder) { <span class="muted">{{ one.encoder }}</span>&ngsp;} @if (streamName(one.streamId); as name) { <span class="muted">→ {{ name }}</span> }</p>
          <p>{{ one.message }}</p>
          @if (advice(one.code); as text) { <p class="advice">{{ text }}</p> }
          <p class="facts muted"><span i18n>{one.count, plural, =1 {once} other {{{one.count}} times}}</span> <span><ng-container i18n="followed by a moment">last</ng-container>&ngsp;<ma-when [at]="one.lastAt" form="ago" /></span></p>
        </li>
      }
    </ul>
  `,
  styles: `
    li { display: grid; gap: 2px; padding: 8px 12px; overflow-wrap: anywhere; }
    li + li { border-top: 1px solid var(--line); }
    .advice { color: var(--accent-strong); }
    .facts { display: flex; gap: 12px; font-size: 12px; }
  `,
})
export class RefusalList {
  readonly refusals = input.required<readonly Refusal[]>();
  private readonly live = inject(Live);

  protected advice(code: string): string | null {
    return ADVICE[code]?.() ?? null;
  }

  protected streamName(streamId: string | null): string | null {
    return this.live.streams()?.find(({ id }) => id === streamId)?.name ?? null;
  }
}
