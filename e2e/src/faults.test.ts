import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { LiveClient } from './harness/live-client.js';
import { findDescendant } from './harness/process-tree.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

const server = sharedServer();
const browser = sharedBrowser();

/** Analyses must be back within this time after a kill, ms. */
const RESUME_WITHIN_MS = 5000;

describe('playback goes on and analyses resume', () => {
  for (const [name, program] of [
    ['media', 'packages/media/dist/process/main.js'],
    ['vision', 'packages/vision/dist/process/main.js'],
  ] as const) {
    it(`when the ${name} process is killed`, async () => {
      const { api, baseUrl, pid } = server();
      const stream = await api.createStream({ name: `Kill ${name}` });
      const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
      const client = await LiveClient.subscribe(baseUrl, stream.id);
      const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
      try {
        await client.next('analysis', { withinMs: 60_000 });
        await playsFor(page, 4, 40_000);
        await watchStalls(page);
        const victim = await until(() => findDescendant(pid, program), { what: `${name} process`, withinMs: 2000 });
        const sessionId = (await api.stream(stream.id)).session?.id;

        process.kill(victim.pid, 'SIGKILL');
        const killedAt = Date.now();
        await client.next('analysis', {
          withinMs: RESUME_WITHIN_MS,
          accept: ({ capturedAt }) => capturedAt > killedAt,
        });
        await playsFor(page, 5, 10_000);

        expect(await stalls(page)).toEqual([]);
        expect(await playbackState(page)).toMatchObject({ error: null });
        expect(findDescendant(pid, program)?.pid).not.toBe(victim.pid);
        expect(await api.stream(stream.id)).toMatchObject({ state: 'live', session: { id: sessionId, gaps: [] } });
      } finally {
        await publisher.stop();
        client.close();
        await page.close();
      }
    });
  }
});

interface StallWindow extends Window {
  stalls?: string[];
}

/** Notes every interruption of the page's video from now on. */
function watchStalls(page: Page): Promise<void> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const noted: string[] = [];
    (window as StallWindow).stalls = noted;
    for (const event of ['waiting', 'pause', 'emptied', 'error']) {
      video?.addEventListener(event, () => noted.push(`${event} at ${video.currentTime.toFixed(2)}`));
    }
  });
}

const stalls = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window as StallWindow).stalls ?? ['not watched']);
