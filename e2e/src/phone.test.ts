import { describe, expect, it } from 'vitest';
import { openPage, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';

const server = sharedServer();
const browser = sharedBrowser();

describe('the player on a phone', () => {
  it('has what does not fit in its bar behind one button, and all of that on the screen', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Pocket' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const size = { width: 390, height: 844 };
    const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`, size);
    try {
      await playsFor(page, 1, 30_000);
      await page.locator('ma-player video').hover();
      const more = page.locator('ma-player-controls summary');
      await more.click();
      for (const name of ['Save the picture', 'Copy a link to this moment', 'Picture in picture']) {
        const button = page.locator('ma-player-controls details').getByRole('button', { name });
        await button.click({ trial: true });
        const place = await button.boundingBox();
        expect(place?.x).toBeGreaterThanOrEqual(0);
        expect((place?.x ?? 0) + (place?.width ?? 0)).toBeLessThanOrEqual(size.width);
      }
      const saved = page.waitForEvent('download');
      await page.locator('ma-player-controls details').getByRole('button', { name: 'Save the picture' }).click();
      expect((await saved).suggestedFilename()).toMatch(/^Pocket .*\.png$/);
      expect(await page.locator('ma-player-controls details').getAttribute('open')).toBeNull();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
      expect(errors).toEqual([]);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });
});
