import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { Icon } from '../shared/icon';

/** What the first visitor sees. */
@Component({
  selector: 'ma-streams-empty',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="frame" aria-hidden="true"><span class="box a"><b translate="no">person 94%</b></span><span class="box b"><b translate="no">dog 88%</b></span></div>
    <h2 i18n>No streams yet</h2>
    <p i18n>Point OBS or any RTMP encoder at this server and watch the picture about two seconds later, with what the model sees drawn on the exact frame.</p>
    <div class="actions">
      <button type="button" class="button primary" (click)="create.emit()"><ma-icon name="add" /> <ng-container i18n>Create a stream</ng-container></button>
      <button type="button" class="button" [disabled]="busy()" (click)="demo.emit()"><ma-icon name="play_arrow" /> @if (busy()) { <ng-container i18n>Starting…</ng-container> } @else { <ng-container i18n>Try the demo</ng-container> }</button>
    </div>
    <p class="hint" i18n>The demo publishes a short clip in a loop; no encoder needed.</p>
  `,
  styles: `
    :host { display: grid; justify-items: center; gap: 12px; padding: clamp(32px, 9vh, 96px) 16px; text-align: center; }
    h2 { font-size: 19px; color: var(--text); letter-spacing: -0.01em; }
    p { max-width: 460px; color: var(--muted); font-size: 14px; }
    .hint { font-size: 12px; }
    .actions { display: flex; gap: 10px; flex-wrap: wrap; justify-content: center; margin-top: 6px; }
    .actions .button { min-height: 36px; padding: 0 16px; }
    .frame { position: relative; width: 232px; height: 130px; border: 1px solid var(--line-strong); border-radius: 8px; background: linear-gradient(160deg, var(--hover), var(--picture)); margin-bottom: 8px; }
    .box { position: absolute; border: 1.5px solid; border-radius: 2px; }
    .box b { position: absolute; left: -1.5px; bottom: 100%; padding: 0 4px; font-size: 9px; line-height: 13px; border-radius: 2px 2px 0 0; color: #0b0f14; white-space: nowrap; }
    .a { left: 52px; top: 34px; width: 44px; height: 84px; border-color: oklch(0.8 0.14 205); }
    .a b { background: oklch(0.8 0.14 205); }
    .b { left: 118px; top: 70px; width: 68px; height: 46px; border-color: oklch(0.8 0.14 300); }
    .b b { background: oklch(0.8 0.14 300); }
  `,
})
export class StreamsEmpty {
  readonly busy = input(false);
  readonly create = output<void>();
  readonly demo = output<void>();
}
