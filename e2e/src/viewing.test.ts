import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

const server = sharedServer();
const browser = sharedBrowser();

const rate = (page: Page) => page.evaluate(() => document.querySelector('video')?.playbackRate);
const idle = (page: Page) => page.locator('ma-player.idle').count();

/** A stream on air, for as long as its page is looked at. */
async function watching(
  name: string,
  look: (page: Page, streamId: string) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const { api, baseUrl } = server();
  const stream = await api.createStream({ name });
  const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
  const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`, undefined, options);
  try {
    await playsFor(page, 1, 40_000);
    await look(page, stream.id);
    expect(errors).toEqual([]);
  } finally {
    await publisher.stop();
    await page.close();
  }
}

describe('who watches', () => {
  it('sees the picture of the moment under the pointer on the bar, goes back in the window, and comes back fast', async () => {
    await watching('Window', async (page, streamId) => {
      const { api } = server();
      const began = async () => {
        const [session] = await api.sessions(streamId);
        return session !== undefined && session.durationMs > 12_000;
      };
      await until(began, { what: 'twelve seconds to go back', withinMs: 40_000, everyMs: 250 });
      const bar = (await page.locator('ma-seek-bar .bar').boundingBox())!;
      const picture = page.locator('ma-seek-bar .preview img');
      await until(
        async () => {
          await page.mouse.move(bar.x + bar.width * 0.4 + Math.random(), bar.y + bar.height / 2);
          return (await picture.count()) === 1 && picture.evaluate((img: HTMLImageElement) => img.naturalWidth > 0);
        },
        { what: 'picture over the bar', withinMs: 20_000 },
      );
      for (const speed of [4, 8]) {
        await page.getByLabel('Position').evaluate((input) => {
          (input as HTMLInputElement).value = '0';
          input.dispatchEvent(new Event('input', { bubbles: true }));
        });
        await page.getByRole('button', { name: 'Go to the live edge' }).waitFor();
        await page.getByLabel('Speed', { exact: true }).selectOption(String(speed));
        expect(await rate(page)).toBe(speed);
        // At the live edge it is real time again: there is nothing more to hurry through.
        await until(async () => (await rate(page)) === 1, { what: `live edge at speed ${speed}`, withinMs: 30_000 });
        expect(await playbackState(page)).toMatchObject({ error: null });
        await playsFor(page, 0.5, 20_000);
      }
    });
  });

  it('has the switches of the overlay over the full screen, and picture in picture where the browser has it', async () => {
    await watching('Screen', async (page) => {
      await page.keyboard.press('f');
      const switches = page.locator('ma-player ma-overlay-switches');
      await switches.waitFor();
      expect(await page.evaluate(() => document.fullscreenElement?.tagName)).toBe('MA-PLAYER');
      const boxes = switches.getByRole('button', { name: 'Boxes' });
      await boxes.click();
      expect(await boxes.getAttribute('aria-pressed')).toBe('false');
      await boxes.click();
      await page.keyboard.press('f');
      await until(() => page.evaluate(() => document.fullscreenElement === null), {
        what: 'end of the full screen',
        withinMs: 10_000,
      });
      await switches.waitFor({ state: 'detached' });
      await page.locator('ma-player video').hover();
      await page
        .locator('ma-player-controls > .row')
        .getByRole('button', { name: 'Picture in picture' })
        .first()
        .click();
      const outcome = await until(
        async () => {
          if (await page.evaluate(() => document.pictureInPictureElement !== null)) return 'shown';
          return (await page.getByText('This browser shows no picture in picture here').count()) > 0 && 'refused';
        },
        { what: 'picture in picture, or word that there is none', withinMs: 10_000 },
      );
      expect(outcome).toBe((await page.evaluate(() => document.pictureInPictureEnabled)) ? 'shown' : 'refused');
      await playsFor(page, 0.5, 20_000);
    });
  });

  it('gets the controls by a tap, and puts them away by the next one; the picture plays on', async () => {
    await watching(
      'Touch',
      async (page) => {
        const { x, y, width, height } = (await page.locator('ma-player video').boundingBox())!;
        const tap = () => page.touchscreen.tap(x + width / 2, y + height / 3);
        await until(async () => (await idle(page)) === 1, { what: 'picture without controls', withinMs: 20_000 });
        await tap();
        await until(async () => (await idle(page)) === 0, { what: 'controls after a tap', withinMs: 5000 });
        await tap();
        await until(async () => (await idle(page)) === 1, { what: 'picture without controls again', withinMs: 5000 });
        expect(await page.evaluate(() => document.querySelector('video')?.paused)).toBe(false);
      },
      { hasTouch: true },
    );
  });
});
