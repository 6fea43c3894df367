import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Stream } from '@media-analyzer/protocol';
import { CopyField } from './copy-field';

/** Where to publish, and what to set in the encoder. */
@Component({
  selector: 'ma-publish-help',
  imports: [CopyField],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="fields">
      <ma-copy-field label="Server" i18n-label [value]="stream().ingestServer" />
      <ma-copy-field label="Stream key" i18n-label [value]="stream().streamKey" [secret]="true" />
    </div>
    <p class="hint" i18n>In OBS: Settings, Stream, Service “Custom…”. Then under Output, mode “Advanced”:</p>
    <dl>
      <div><dt i18n>Video encoder</dt><dd i18n>x264 or any H.264</dd></div>
      <div><dt i18n>Keyframe interval</dt><dd i18n>1 s (at most 2 s)</dd></div>
      <div><dt i18n>Rate control</dt><dd translate="no">CBR</dd></div>
      <div><dt i18n>Audio encoder</dt><dd translate="no">AAC</dd></div>
    </dl>
  `,
  styles: `
    :host { display: grid; gap: 12px; text-align: left; container-type: inline-size; }
    .fields { display: grid; gap: 12px; }
    dl { display: grid; grid-template-columns: repeat(4, auto); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: var(--radius-small); overflow: hidden; }
    dl > div { padding: 8px 10px; background: var(--surface); }
    dt { font-size: 11.5px; color: var(--muted); }
    dd { font-weight: 560; }
    @container (max-width: 470px) { dl { grid-template-columns: 1fr 1fr; } }
  `,
})
export class PublishHelp {
  readonly stream = input.required<Stream>();
}
