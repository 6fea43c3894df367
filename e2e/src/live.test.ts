import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { LiveClient } from './harness/live-client.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';

const server = sharedServer();
const browser = sharedBrowser();

describe('the live path', () => {
  it('takes a publisher to a playing picture with detections drawn on it', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Studio' });
    expect(stream).toMatchObject({ name: 'Studio', state: 'offline', session: null });

    const client = await LiveClient.subscribe(baseUrl, stream.id);
    const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    try {
      const analysis = await client.next('analysis', {
        withinMs: 20_000,
        accept: ({ detections }) => detections.length > 0,
      });
      expect(analysis.streamId).toBe(stream.id);
      expect(analysis.completedAt).toBeGreaterThanOrEqual(analysis.capturedAt);
      for (const { box, score } of analysis.detections) {
        const [x, y, width, height] = box;
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1.0001);
        expect(score).toBeGreaterThan(0);
      }
      expect(client.of('analysis').flatMap(({ detections }) => detections.map(({ label }) => label))).toContain(
        'person',
      );

      await playsFor(page, 5, 40_000);
      expect(await playbackState(page)).toMatchObject({ width: 640, height: 360, error: null });
      const boxes = await page.evaluate(() => {
        const { overlay } =
          (window as Window & { __mediaAnalyzer?: { overlay?: { draws: { boxes: number }[] } } }).__mediaAnalyzer ?? {};
        return overlay?.draws.filter((draw) => draw.boxes > 0).length ?? 0;
      });
      expect(boxes).toBeGreaterThan(20);
      expect(await overlayPixels(page)).toBeGreaterThan(0);

      const live = await api.stream(stream.id);
      expect(live).toMatchObject({
        state: 'live',
        problem: null,
        session: { video: { width: 640, height: 360, codec: 'h264' } },
      });
      expect(client.violations).toEqual([]);
      expect(errors).toEqual([]);
    } finally {
      await publisher.stop();
      client.close();
      await page.close();
    }
  });

  it('keeps analyses for whoever asks later, ordered by PTS and cut to the asked range', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Archive' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const client = await LiveClient.subscribe(baseUrl, stream.id);
    await client.next('analysis', { withinMs: 60_000, accept: ({ ptsMs }) => ptsMs > 4000 });
    const seen = client.of('analysis').map(({ ptsMs }) => ptsMs);
    await publisher.stop();
    client.close();

    await expect
      .poll(async () => (await api.analyses(stream.id, { from: 1000, to: 3000 })).map(({ ptsMs }) => ptsMs), {
        timeout: 5000,
      })
      .toEqual(seen.filter((pts) => pts >= 1000 && pts < 3000));
    expect((await api.analyses(stream.id)).every(({ detections }) => Array.isArray(detections))).toBe(true);
  });
});

/** Pixels of the page's canvases that are not transparent. */
function overlayPixels(page: Awaited<ReturnType<typeof openPage>>['page']): Promise<number> {
  return page.evaluate(() => {
    let painted = 0;
    for (const canvas of document.querySelectorAll('canvas')) {
      const context = canvas.getContext('2d');
      if (!context || canvas.width === 0) continue;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 3; i < data.length; i += 4) if ((data[i] ?? 0) > 0) painted++;
    }
    return painted;
  });
}
