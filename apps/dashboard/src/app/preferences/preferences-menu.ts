import { ChangeDetectionStrategy, Component, inject, LOCALE_ID } from '@angular/core';
import { Icon } from '../shared/icon';
import { ZoneSwitch } from '../shared/when';
import { chooseLanguage, LANGUAGES, switchLanguage } from './language';
import { THEMES, Theme } from './theme';

/** How this viewer wants to see the dashboard: theme, language and time zone. A popover of the browser: light, and closed by Escape. */
@Component({
  selector: 'ma-preferences-menu',
  imports: [Icon, ZoneSwitch],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button type="button" class="icon-button" popovertarget="preferences" aria-label="Appearance and language" i18n-aria-label><ma-icon name="contrast" /></button>
    <div id="preferences" popover>
      <label class="field"><span class="label" i18n>Appearance</span>
        <select class="input" (change)="chooseTheme($event)">
          @for (choice of themes; track choice) { <option [value]="choice" [selected]="choice === theme.choice()">{{ themeWords[choice] }}</option> }
        </select>
      </label>
      <label class="field"><span class="label" i18n>Language</span>
        <select class="input" (change)="chooseLanguage($event)">
          @for (language of languages; track language.code) { <option [value]="language.code" [selected]="language.code === current" [lang]="language.code">{{ language.name }}</option> }
        </select>
      </label>
      <div class="field"><span class="label" i18n aria-hidden="true">Time zone</span><ma-zone-switch /></div>
    </div>
  `,
  styles: `
    :host { display: inline-flex; align-items: center; }
    [popover] { inset: calc(var(--bar) + 6px) 12px auto auto; width: 220px; max-width: calc(100vw - 24px); margin: 0; padding: 14px; gap: 12px; border: 1px solid var(--line-strong); border-radius: var(--radius); background: var(--surface); color: var(--text); box-shadow: 0 8px 24px var(--shadow); }
    [popover]:popover-open { display: grid; }
  `,
})
export class PreferencesMenu {
  protected readonly theme = inject(Theme);
  protected readonly themes = THEMES;
  protected readonly themeWords = {
    system: $localize`:appearance|:As the device`,
    light: $localize`:appearance|:Light`,
    dark: $localize`:appearance|:Dark`,
  };
  protected readonly languages = LANGUAGES;
  protected readonly current = chooseLanguage(inject(LOCALE_ID), []).code;

  protected chooseTheme(event: Event): void {
    const choice = THEMES.find((value) => event.target instanceof HTMLSelectElement && value === event.target.value);
    if (choice) this.theme.choose(choice);
  }

  protected chooseLanguage(event: Event): void {
    if (event.target instanceof HTMLSelectElement) switchLanguage(event.target.value);
  }
}
