import { LiveAnnouncer } from '@angular/cdk/a11y';
import { Clipboard } from '@angular/cdk/clipboard';
import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { Icon } from './icon';

/** A value to paste elsewhere. A secret one is hidden until asked for; copying works without showing it. */
@Component({
  selector: 'ma-copy-field',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <span class="label" [id]="id + '-label'">{{ label() }}</span>
    <div class="box">
      <input readonly [id]="id" [attr.aria-labelledby]="id + '-label'" [type]="secret() && !revealed() ? 'password' : 'text'"
        [value]="value()" autocomplete="off" spellcheck="false" (focus)="selectAll($event)" />
      @if (secret()) {
        <button type="button" class="icon-button"  [attr.aria-label]="revealed() ? hideText() : showText()" [attr.aria-pressed]="revealed()" (click)="revealed.set(!revealed())">
          <ma-icon [name]="revealed() ? 'visibility_off' : 'visibility'" />
        </button>
      }
      <button type="button" class="button small" (click)="copy()" [attr.aria-label]="copyText()">
        <ma-icon [name]="copied() ? 'check' : 'content_copy'" /> @if (copied()) { <ng-container i18n>Copied</ng-container> } @else { <ng-container i18n>Copy</ng-container> }
      </button>
    </div>
  `,
  styles: `
    :host { display: grid; gap: 5px; min-width: 0; text-align: left; }
    .label { font-size: 12px; font-weight: 540; color: var(--muted); }
    .box { display: flex; align-items: center; gap: 4px; min-height: 38px; padding: 2px 5px 2px 10px; border: 1px solid var(--line-strong); border-radius: var(--radius-small); background: var(--bg); min-width: 0; }
    .box:focus-within { border-color: var(--faint); }
    input { flex: 1; min-width: 0; height: 28px; border: 0; background: none; font-family: var(--mono); font-size: 12.5px; outline: none; text-overflow: ellipsis; }
    input:focus-visible { outline: none; box-shadow: 0 1px 0 var(--accent-strong); border-radius: 0; }
    .button { min-width: 80px; }
  `,
})
export class CopyField {
  private static count = 0;
  readonly label = input.required<string>();
  readonly value = input.required<string>();
  readonly secret = input(false);
  protected readonly revealed = signal(false);
  private readonly copiedValue = signal<string | null>(null);
  protected readonly copied = computed(() => this.copiedValue() === this.value());
  protected readonly hideText = computed(() => $localize`Hide ${this.label()}:what:`);
  protected readonly showText = computed(() => $localize`Show ${this.label()}:what:`);
  protected readonly copyText = computed(() => $localize`Copy ${this.label()}:what:`);
  protected readonly id = `copy-field-${CopyField.count++}`;
  private readonly clipboard = inject(Clipboard);
  private readonly announcer = inject(LiveAnnouncer);

  protected copy(): void {
    if (!this.clipboard.copy(this.value())) {
      void this.announcer.announce($localize`${this.label()}:what: could not be copied`);
      return;
    }
    this.copiedValue.set(this.value());
    void this.announcer.announce($localize`${this.label()}:what: copied`);
    setTimeout(() => this.copiedValue.set(null), 2000);
  }

  protected selectAll(event: Event): void {
    if (event.target instanceof HTMLInputElement && event.target.type === 'text') event.target.select();
  }
}
