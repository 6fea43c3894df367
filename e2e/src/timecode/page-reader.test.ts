import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, openPage } from '../harness/browser.js';
import { testMedia } from '../harness/paths.js';
import { freePort } from '../harness/ports.js';
import { makeTimecodeClip } from './clip.js';
import { installReader, recordShownFrames, shownFrames } from './page-reader.js';

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  const clip = await makeTimecodeClip({
    sources: [testMedia('video/woman_dog_ball_720p30.mp4')],
    width: 640,
    height: 360,
    frameRate: [30, 1],
    seconds: 4,
    keyframeInterval: 30,
    bFrames: 2,
    bitrate: 900_000,
  });
  const bytes = await readFile(clip);
  server = createServer((request, response) => {
    const isPage = request.url === '/';
    response.setHeader('content-type', isPage ? 'text/html' : 'video/mp4');
    response.end(isPage ? '<video src="/clip.mp4" muted style="width: 480px"></video>' : bytes);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${port}/`;
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

describe('the reader in a page', () => {
  it('reads from the pixels of a playing video the very frame that the browser says it shows', async () => {
    const { page } = await openPage(browser, url);
    await installReader(page);
    await recordShownFrames(page);
    await page.evaluate(() => {
      const video = document.querySelector('video');
      return new Promise((resolve) => {
        video?.addEventListener('ended', resolve);
        void video?.play();
      });
    });
    const frames = await shownFrames(page);

    expect(frames.length).toBeGreaterThan(20);
    expect(frames.filter(({ frame }) => frame === null)).toEqual([]);
    const off = frames.filter(({ frame, mediaTime }) => Math.abs((frame ?? -1) - mediaTime * 30) > 0.5);
    // A picture may be exchanged between the callback and the reading, when the machine is busy: rare, and one frame.
    expect(off.length / frames.length).toBeLessThan(0.05);
  });
});
