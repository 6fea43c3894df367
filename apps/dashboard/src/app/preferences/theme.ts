import { DOCUMENT } from '@angular/common';
import { computed, DestroyRef, Injectable, inject, signal } from '@angular/core';
import { readSetting, writeSetting } from '../shared/local-setting';

/** What a viewer can choose; `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type ThemeChoice = (typeof THEMES)[number];

const DARK_DEVICE = '(prefers-color-scheme: dark)';

/**
 * Light or dark, as this viewer wants it; kept in this browser. The style sheets do the work by `color-scheme`; the script
 * in `index.html` has put a kept choice there before the first picture, so that nothing flashes.
 */
@Injectable({ providedIn: 'root' })
export class Theme {
  private readonly document = inject(DOCUMENT);
  private readonly chosen = signal<ThemeChoice>(readSetting('theme', THEMES, 'system'));
  private readonly deviceDark = signal(true);
  readonly choice = this.chosen.asReadonly();
  /** Which one is on the screen; for what draws its colours itself. */
  readonly shown = computed(() =>
    this.chosen() === 'system' ? (this.deviceDark() ? 'dark' : 'light') : this.chosen(),
  );

  constructor() {
    const query = this.document.defaultView?.matchMedia?.(DARK_DEVICE);
    if (!query) return;
    const follow = () => this.deviceDark.set(query.matches);
    follow();
    query.addEventListener('change', follow);
    inject(DestroyRef).onDestroy(() => query.removeEventListener('change', follow));
  }

  choose(choice: ThemeChoice): void {
    this.chosen.set(choice);
    writeSetting('theme', choice);
    const { documentElement, head } = this.document;
    if (choice === 'system') delete documentElement.dataset.theme;
    else documentElement.dataset.theme = choice;
    head
      .querySelector('meta[name="color-scheme"]')
      ?.setAttribute('content', choice === 'system' ? 'light dark' : choice);
    for (const meta of head.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
      // The browser's own bar: each theme's tag says which it is, and a choice switches the other one off.
      const own = meta.dataset.theme;
      meta.media = choice === 'system' ? `(prefers-color-scheme: ${own})` : own === choice ? 'all' : 'not all';
    }
  }
}

/** A variable of the style sheets as the colour that it is on an element, for canvases: `rgb(…)` or `oklch(…)`. */
export function themeColor(element: HTMLElement, variable: `--${string}`): string {
  const probe = element.ownerDocument.createElement('span');
  probe.style.color = `var(${variable})`;
  probe.hidden = true;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
