import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Window sizes that pages must hold, CSS pixels: phone, tablet, laptop, large screen, and a laptop at 200 % zoom. */
export const SIZES = {
  '390': { width: 390, height: 844 },
  '768': { width: 768, height: 1024 },
  '1440': { width: 1440, height: 900 },
  '1920': { width: 1920, height: 1080 },
  '1440 at 200 %': { width: 720, height: 450 },
} as const;
export type SizeName = keyof typeof SIZES;

/** The narrowest window that nothing may overflow, CSS pixels (WCAG 1.4.10). */
export const NARROWEST = { width: 320, height: 640 };

/** What axe finds on a page, one line for each element; empty when there is nothing. */
export async function axeFindings(page: Page): Promise<string[]> {
  // By the protocol, which the page's content security policy does not bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  await settled(page);
  return page.evaluate(async () => {
    const { axe: engine } = window as Window & { axe?: typeof import('axe-core') };
    if (!engine) throw new Error('axe is not on the page');
    const { violations } = await engine.run(document, {
      resultTypes: ['violations'],
      // Menus and snack bars lie beside the page's landmarks, as dialogs do, which axe leaves out by itself.
      checks: {
        region: {
          options: { regionMatcher: 'dialog, [role=dialog], [role=alertdialog], svg, .cdk-overlay-container' },
        },
      },
    } as import('axe-core').RunOptions);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any, all, none }) => {
        const why = [...any, ...all, ...none].map(({ message }) => message).join('; ');
        return `${id}: ${html.slice(0, 160)} ${why.slice(0, 200)}`;
      }),
    );
  });
}

/** Two paints after the last change, with every transition at its end: colours on their way are neither theme's. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await painted();
    const endless = (animation: Animation) => animation.effect?.getComputedTiming().iterations !== 1;
    await Promise.all(document.getAnimations().map((one) => (endless(one) ? null : one.finished.catch(() => {}))));
    await painted();
  });
}

/** What does not fit: the page wider than its window, or the text of a control cut off. */
export function layoutFindings(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const findings: string[] = [];
    const describe = (element: Element) => {
      const { left, right } = element.getBoundingClientRect();
      return `<${element.localName} class="${element.className}"> "${element.textContent?.trim().slice(0, 40)}" ${Math.round(left)}–${Math.round(right)}`;
    };
    /** Cut on purpose: scrolled, or hidden from the eye alone. */
    const inScroller = (element: Element | null): boolean => {
      for (let parent = element?.parentElement ?? null; parent; parent = parent.parentElement)
        if (/auto|scroll/.test(getComputedStyle(parent).overflowX)) return true;
      return false;
    };
    const root = document.documentElement;
    if (root.scrollWidth > window.innerWidth) {
      const outside = [...document.body.querySelectorAll('*')].filter(
        (element) => element.getBoundingClientRect().right > window.innerWidth + 1 && !inScroller(element),
      );
      findings.push(
        `the page is ${root.scrollWidth - window.innerWidth} px too wide: ${outside.slice(-3).map(describe)}`,
      );
    }
    const controls = 'button, a, summary, select, label, [role=button], [role=menuitem], [role=tab], kbd, th, .button';
    for (const control of document.querySelectorAll<HTMLElement>(controls)) {
      if (!control.checkVisibility({ visibilityProperty: true }) || control.closest('.visually-hidden')) continue;
      const { left, right } = control.getBoundingClientRect();
      if ((right > window.innerWidth + 1 || left < -1) && !inScroller(control))
        findings.push(`outside of the window: ${describe(control)}`);
      for (const part of [control, ...control.querySelectorAll<HTMLElement>('*')]) {
        const style = getComputedStyle(part);
        const cuts =
          /hidden|clip/.test(style.overflowX) && style.textOverflow !== 'ellipsis' && style.clipPath === 'none';
        if (cuts && part.localName !== 'svg' && part.scrollWidth > part.clientWidth + 1)
          findings.push(`text is cut off: ${describe(part)}`);
      }
    }
    return [...new Set(findings)];
  });
}

/** Animations and transitions that are running and take longer than an eye notices. */
export function motions(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    document.getAnimations().flatMap((animation) => {
      const { effect } = animation;
      const { duration, iterations } = effect?.getComputedTiming() ?? {};
      if (typeof duration !== 'number' || (duration <= 1 && iterations !== Number.POSITIVE_INFINITY)) return [];
      return [`${effect instanceof KeyframeEffect ? effect.target?.localName : '?'} for ${duration} ms`];
    }),
  );
}
