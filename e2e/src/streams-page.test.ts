import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, type WatchedPage } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';

const server = sharedServer();
const browser = sharedBrowser();

/** As long as a name may be, and nowhere to break it. */
const LONG_NAME = 'Konferenzraumkamera'.repeat(6).slice(0, 100);

async function onPage(path: string, size: { width: number; height: number } | undefined, use: Use): Promise<void> {
  const watched = await openPage(browser(), server().baseUrl + path, size);
  try {
    await use(watched.page, watched);
    expect(watched.errors).toEqual([]);
  } finally {
    await watched.page.close();
  }
}
type Use = (page: Page, watched: WatchedPage) => Promise<void>;

/** How far the page, and whatever shows outside of what scrolls by itself, reaches past the right edge, px. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const shown = [...document.querySelectorAll('button, a, input, select')]
      .map((element) => element.getBoundingClientRect())
      .filter(({ width }) => width > 0);
    return Math.max(scrollWidth, ...shown.map(({ right }) => Math.ceil(right))) - clientWidth;
  });

describe('the page of streams', () => {
  it('is wide enough for the longest name, as list and as wall, on every screen', async () => {
    const { api } = server();
    await api.createStream({ name: LONG_NAME });
    await api.createStream({ name: 'Studio' });
    for (const width of [320, 390, 720, 768, 1440, 1920]) {
      await onPage('/streams', { width, height: 800 }, async (page) => {
        for (const view of ['List', 'Wall']) {
          await page.getByRole('button', { name: view, exact: true }).click();
          await page.getByRole('link', { name: LONG_NAME }).waitFor();
          expect(await overflow(page), `${view} at ${width} px`).toBeLessThanOrEqual(0);
          expect(await page.getByRole('button', { name: 'Create a stream' }).isVisible()).toBe(true);
        }
      });
    }
  });

  it('takes what is typed right after "Create a stream", and opens the stream', async () => {
    await onPage('/streams', undefined, async (page) => {
      await page.getByRole('button', { name: 'Create a stream' }).click();
      await page.keyboard.type('Typed at once');
      await page.keyboard.press('Enter');
      await page.getByText('“Typed at once” is ready to receive').waitFor();
      await page.getByRole('button', { name: 'Open stream page' }).click();
      await page.getByRole('heading', { name: 'Typed at once', exact: true }).waitFor();
    });
  });

  it('gives the focus back to the menu’s button when a dialog that the menu opened is closed', async () => {
    const { name } = await server().api.createStream({ name: 'Focus' });
    await onPage('/streams', undefined, async (page) => {
      const menu = page.getByRole('button', { name: `Actions for ${name}` });
      for (const item of ['Settings', 'New stream key…', 'Delete…']) {
        await menu.click();
        await page.getByRole('menuitem', { name: item }).click();
        await page.locator('.dialog').waitFor();
        await page.keyboard.press('Escape');
        await page.locator('.dialog').waitFor({ state: 'detached' });
        await expect.poll(() => menu.evaluate((button) => button === document.activeElement)).toBe(true);
      }
    });
  });

  it('keeps what a person types as limits in days and GB, and says beside the field what is wrong', async () => {
    const { api } = server();
    const stream = await api.createStream({ name: 'Limits' });
    await onPage('/streams', undefined, async (page) => {
      const open = async () => {
        await page.getByRole('button', { name: 'Actions for Limits' }).click();
        await page.getByRole('menuitem', { name: 'Settings' }).click();
      };
      await open();
      const [days, size] = [page.getByLabel('At most, days'), page.getByLabel('At most, GB')];
      expect([await days.inputValue(), await size.inputValue()]).toEqual(['7', '20']);
      await size.fill('plenty');
      await page.getByRole('button', { name: 'Save' }).click();
      expect(await size.evaluate((input) => input === document.activeElement)).toBe(true);
      expect([await days.getAttribute('aria-invalid'), await size.getAttribute('aria-invalid')]).toEqual([
        null,
        'true',
      ]);
      await page.getByText('Type a number of gigabytes').waitFor();
      await days.fill('1.5');
      await size.fill('');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('.dialog').waitFor({ state: 'detached' });
      expect((await api.stream(stream.id)).retention).toEqual({ maxAgeMs: 129_600_000, maxBytes: null });
    });
  });
});

describe('deleting a stream from its page', () => {
  it('goes back to the list, which says what was deleted', async () => {
    const { api } = server();
    const stream = await api.createStream({ name: 'Short-lived' });
    await onPage(`/streams/${stream.id}`, undefined, async (page) => {
      await deleteFromMenu(page, stream.name);
      await page.getByText('“Short-lived” is deleted').waitFor();
      await page.waitForURL(/\/streams$/);
      expect(await page.getByRole('heading', { name: 'This stream was deleted' }).count()).toBe(0);
    });
    expect((await api.streams()).map(({ id }) => id)).not.toContain(stream.id);
  });

  it('says before that it is on air, and what happens to its encoder and viewers', async () => {
    const { api } = server();
    const stream = await api.createStream({ name: 'On air' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    try {
      await api.inState(stream.id, 'live', 30_000);
      const { page } = await openPage(browser(), `${server().baseUrl}/streams/${stream.id}`);
      await page.getByRole('button', { name: `Actions for ${stream.name}` }).click();
      await page.getByRole('menuitem', { name: 'New stream key…' }).click();
      await page.getByText('It is on air: its encoder is cut off now').waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: `Actions for ${stream.name}` }).click();
      await page.getByRole('menuitem', { name: 'Delete…' }).click();
      await page.getByText('It is on air: its encoder is cut off, and everyone').waitFor();
      await page.getByRole('button', { name: 'Delete stream' }).click();
      await page.waitForURL(/\/streams$/);
      await page.close();
    } finally {
      await publisher.stop();
    }
  });
});

async function deleteFromMenu(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete stream' }).click();
}
