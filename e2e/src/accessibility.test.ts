/**
 * Every page and dialog as axe and a ruler see it. Each is measured at all sizes in German, whose words are longer, in one theme
 * or the other; axe looks at one size of each, another from scene to scene. `ACCESSIBILITY=all` opens all in every
 * language and theme, with axe at all sizes.
 */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, layoutFindings, motions, NARROWEST, SIZES, type SizeName } from './accessibility/findings.js';
import { boxOf, Pixels, type Point } from './accessibility/pixels.js';
import { EMPTY, faultyBrowser, SCENES, type Scene, type Site } from './accessibility/scenes.js';
import { openPage } from './harness/browser.js';
import type { Child } from './harness/child.js';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

const ALL = process.env.ACCESSIBILITY === 'all';
const server = sharedServer({ env: { RECONNECT_WINDOW_MS: '1000', ANALYSIS_RATE: '2' } }, { prepared: true });
const browser = sharedBrowser();
let site: Site = { live: '', ended: '', offline: '', session: '' };
let publisher: Child | null = null;

/** What a viewer may have chosen. */
const VIEWS = [
  { locale: 'de', colorScheme: 'light' },
  { locale: 'de', colorScheme: 'dark' },
  { locale: 'en', colorScheme: 'light' },
  { locale: 'en', colorScheme: 'dark' },
] as const;
type View = (typeof VIEWS)[number];

/** One page for each view, for all scenes. */
const pages = new Map<View, Page>();
async function pageOf(view: View): Promise<Page> {
  const known = pages.get(view);
  if (known) return known;
  const context: BrowserContext = await browser().newContext({ ...view, reducedMotion: 'reduce' });
  // Each scene begins as the page of somebody who has chosen nothing.
  await context.addInitScript(() => localStorage.clear());
  await context.addInitScript(faultyBrowser);
  const page = await context.newPage();
  pages.set(view, page);
  return page;
}

const sizeNames = Object.keys(SIZES) as SizeName[];
const every: readonly [string, Scene][] = [...Object.entries(EMPTY), ...Object.entries(SCENES)];
const numberOf = new Map(every.map(([name], index) => [name, index]));

/** In which view a scene is opened, and where axe looks at it, when not all are wanted. */
function sample(name: string, { at = sizeNames }: Scene): { view: View; axeAt: readonly SizeName[] } {
  const index = numberOf.get(name) ?? 0;
  return { view: VIEWS[index % 2]!, axeAt: [at[Math.floor(index / 2) % at.length]!] };
}

async function check(name: string, scene: Scene): Promise<void> {
  const { at = sizeNames } = scene;
  const looks = ALL ? VIEWS.map((view) => ({ view, axeAt: at })) : [sample(name, scene)];
  const found: string[] = [];
  for (const { view, axeAt } of looks) {
    const page = await pageOf(view);
    await page.setViewportSize(SIZES[at.at(-1)!]);
    await page.goto(server().baseUrl + scene.path(site), { waitUntil: 'domcontentloaded' });
    await page.locator(scene.until).first().waitFor({ timeout: 30_000 });
    await scene.act?.(page);
    const seen = (where: string, findings: readonly string[]) =>
      found.push(...findings.map((finding) => `${where}, ${view.locale}, ${view.colorScheme}: ${finding}`));
    for (const size of at) {
      await page.setViewportSize(SIZES[size]);
      seen(size, await layoutFindings(page));
      if (axeAt.includes(size)) seen(size, await axeFindings(page));
    }
    await page.setViewportSize(NARROWEST);
    seen('320', await layoutFindings(page));
    seen('with reduced motion', await motions(page));
    // What it shows must not go on while others are looked at.
    await page.goto('about:blank');
  }
  expect(found).toEqual([]);
}

/** Contrast that graphics and states of controls need (WCAG 1.4.11). */
const SEEN = 3;

describe('with no streams', () => {
  it.each(Object.entries(EMPTY))('%s: everyone can use it, at every size', check);
});

describe('with streams in every state', () => {
  beforeAll(async () => {
    const { api } = server();
    const clip = await liveClip();
    const ended = await api.createStream({ name: 'Morning session' });
    const short = publishWithFfmpeg(ended.ingestUrl, clip);
    await until(async () => ((await api.stream(ended.id)).session?.durationMs ?? 0) > 4000, {
      what: 'a session with media',
      withinMs: 60_000,
    });
    await short.stop();
    const onAir = await api.createStream({ name: 'Studio, camera 1' });
    publisher = publishWithFfmpeg(onAir.ingestUrl, clip);
    const offline = await api.createStream({ name: `Gate ${'with a long name '.repeat(4)}${'x'.repeat(27)}` });
    const { session } = await api.inState(ended.id, 'ended', 30_000);
    site = { live: onAir.id, ended: ended.id, offline: offline.id, session: session?.id ?? '' };
    await api.inState(onAir.id, 'live', 30_000);
  }, 180_000);
  afterAll(() => publisher?.stop());

  it.each(Object.entries(SCENES))('%s: everyone can use it, at every size', check);

  describe('in forced colours', () => {
    let page: Page;
    let reader: Page;
    beforeAll(async () => {
      page = await browser().newPage({ forcedColors: 'active', reducedMotion: 'reduce' });
      reader = await browser().newPage();
    });
    afterAll(async () => {
      await page.context().close();
      await reader.close();
    });

    it('shows focus and states of controls', async () => {
      await page.goto(`${server().baseUrl}/streams`);
      await page.locator('ma-stream-list a').first().waitFor();
      await tabTo(page, page.locator('.button.create'));
      const pixels = await Pixels.of(page, reader);
      const { x, middle } = await boxOf(page.locator('.button.create'));
      expect(pixels.contrast({ x: x - 3, y: middle.y }, { x: x - 9, y: middle.y })).toBeGreaterThan(SEEN);
      const [on, off] = [
        await boxOf(page.locator('.segments [aria-pressed=true]')),
        await boxOf(page.locator('.segments [aria-pressed=false]')),
      ];
      expect(pixels.contrast({ x: on.x + 5, y: on.y + 5 }, { x: off.x + 5, y: off.y + 5 })).toBeGreaterThan(SEEN);
      const { middle: below, y, height } = await boxOf(page.locator('header nav a.active'));
      expect(pixels.contrast({ x: below.x, y: y + height }, { x: below.x, y: y + 6 })).toBeGreaterThan(SEEN);
    });

    it('shows badges and dots', async () => {
      await page.goto(`${server().baseUrl}/streams/${site.offline}`);
      await page.locator('ma-publish-help').waitFor();
      const pixels = await Pixels.of(page, reader);
      const badge = await boxOf(page.locator('ma-state-badge'));
      const border = { x: badge.x, y: badge.middle.y };
      expect(pixels.contrast(border, { x: badge.x - 4, y: badge.middle.y })).toBeGreaterThan(SEEN);
      for (const dot of ['.connection.open i', 'ma-state-badge i']) {
        const at = await boxOf(page.locator(dot));
        expect(pixels.contrast(at.middle, { x: at.x - 3, y: at.middle.y }), dot).toBeGreaterThan(SEEN);
      }
    });

    it('shows the player’s bar and the chart of a recording', async () => {
      await page.goto(`${server().baseUrl}/streams/${site.ended}/sessions/${site.session}?t=1`);
      await page.locator('ma-player-controls').waitFor();
      // It plays by itself; pressed before that, the key would not pause it.
      await page.waitForFunction(() => document.querySelector('video')?.paused === false);
      await page.keyboard.press('k');
      await page.waitForFunction(() => document.querySelector('video')?.paused);
      await page.locator('ma-player-controls .steps').waitFor();
      const seek = page.locator('ma-seek-bar input');
      const shareOf = () =>
        seek.evaluate((input) => {
          const { value, max } = input as HTMLInputElement;
          return Number(value) / Number(max);
        });
      // The bar moves for a moment after the picture stands.
      const { pixels, share } = await until(
        async () => {
          const share = await shareOf();
          const pixels = await Pixels.of(page, reader);
          return (await shareOf()) === share && { pixels, share };
        },
        { what: 'seek bar that stands', withinMs: 10_000 },
      );
      const bar = await boxOf(seek);
      const ground = { x: bar.x + 20, y: bar.y - 4 };
      const thumb = { x: bar.x + 6 + (bar.width - 12) * share, y: bar.middle.y };
      expect(pixels.contrast(thumb, ground), 'thumb').toBeGreaterThan(SEEN);
      expect(pixels.contrast({ x: bar.x + 14, y: bar.middle.y }, ground), 'what was played').toBeGreaterThan(SEEN);
      expect(
        mostContrast(pixels, await boxOf(page.locator('ma-player-controls .icon-button svg')), ground),
      ).toBeGreaterThan(4.5);
      const chart = await boxOf(page.locator('ma-objects-chart canvas'));
      expect(mostContrast(pixels, chart, { x: chart.x - 4, y: chart.y + 4 }), 'chart').toBeGreaterThan(SEEN);
    });
  });

  describe('by keyboard', () => {
    const focused = (target: Locator) => expect.poll(() => target.evaluate((it) => it === document.activeElement));

    it('leads from the list into a stream, and through its player, menus and dialogs', async () => {
      const { page, errors } = await openPage(browser(), `${server().baseUrl}/streams`);
      await page.locator('ma-stream-list a').first().waitFor();
      await tabTo(page, page.getByRole('link', { name: 'Studio, camera 1' }));
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/streams/${site.live}`);
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);

      await page.keyboard.press('k');
      await page.waitForFunction(() => document.querySelector('video')?.paused);
      await page.keyboard.press('m');
      await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
      await page.keyboard.press('l');
      await page.waitForFunction(() => document.querySelector('video')?.paused === false);

      const shortcuts = page.getByRole('button', { name: 'Keyboard shortcuts' });
      await tabTo(page, shortcuts);
      await page.keyboard.press('Enter');
      await focused(page.getByRole('dialog').getByRole('button', { name: 'Close' })).toBe(true);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await focused(shortcuts).toBe(true);

      const filter = page.locator('ma-filter-menu .open');
      await tabTo(page, filter);
      await page.keyboard.press('Enter');
      await page.locator('#overlay-filter').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('#overlay-filter').waitFor({ state: 'hidden' });
      await focused(filter).toBe(true);

      const menu = page.getByRole('button', { name: 'Actions for Studio, camera 1' });
      await menu.focus();
      await page.keyboard.press('Enter');
      await focused(page.getByRole('menuitem', { name: 'Settings' })).toBe(true);
      await page.keyboard.press('Enter');
      await focused(page.getByRole('dialog').getByLabel('Name')).toBe(true);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await focused(menu).toBe(true);
      expect(errors).toEqual([]);
      await page.close();
    });

    it('closes the further buttons of a phone’s player by Escape, and by a press elsewhere', async () => {
      const { page } = await openPage(browser(), `${server().baseUrl}/streams/${site.live}`, SIZES['390']);
      const others = page.locator('ma-player-controls details');
      const more = others.locator('summary');
      await more.focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await focused(others.locator('button').first()).toBe(true);
      await page.keyboard.press('Escape');
      await focused(more).toBe(true);
      expect(await others.getAttribute('open')).toBeNull();
      await page.keyboard.press('Enter');
      await expect.poll(() => others.getAttribute('open')).toBe('');
      await page.locator('h1').click();
      await expect.poll(() => others.getAttribute('open')).toBeNull();
      await page.close();
    });
  });
});

/** The contrast of what stands out most in a box. */
function mostContrast(pixels: Pixels, box: Awaited<ReturnType<typeof boxOf>>, ground: Point): number {
  let most = 1;
  for (let y = box.y + 1; y < box.y + box.height - 1; y++)
    for (let x = box.x + 1; x < box.right - 1; x++) most = Math.max(most, pixels.contrast({ x, y }, ground));
  return most;
}

/** Goes on with the Tab key until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const reached = () => target.first().evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 80; presses++) {
    if (await reached()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not lead to ${target}`);
}
