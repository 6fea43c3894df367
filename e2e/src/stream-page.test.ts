import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { loadMedia, OwnPublisher } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';

const RECONNECT_WINDOW_MS = 3000;
const server = sharedServer({ env: { RECONNECT_WINDOW_MS: String(RECONNECT_WINDOW_MS) } });
const browser = sharedBrowser();

/** Keyframes as far apart as OBS sets them by itself at 30 fps, s. */
const RARE_KEYFRAMES_S = 250 / 30;

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name });

describe('the page of a stream', () => {
  it('tells an address that leads nowhere from a stream that was deleted under the viewer’s eyes', async () => {
    const { api, baseUrl } = server();
    const nowhere = await openPage(browser(), `${baseUrl}/streams/00000000-0000-4000-8000-000000000000`);
    await heading(nowhere.page, 'There is no such stream').waitFor();
    await nowhere.page.close();

    const stream = await api.createStream({ name: 'Gone' });
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    await heading(page, 'Nobody is publishing').waitFor();
    expect((await api.get(`/api/streams/${stream.id}`, { method: 'DELETE' })).ok).toBe(true);
    await heading(page, 'This stream was deleted').waitFor();
    await page.getByRole('link', { name: 'All streams' }).first().click();
    await page.waitForURL('**/streams');
    await page.close();
  });

  it('waits in words for a keyframe that is long in coming, plays by itself, and keeps the last picture of what was on air', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip({ seconds: 30, keyframeInterval: 250 }));
    const stream = await api.createStream({ name: 'Rare keyframes' });
    const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    await heading(page, 'Nobody is publishing').waitFor();

    // An encoder that was running before: its first keyframe is nearly a whole group of pictures away.
    const startMs = 500;
    const late = { ...media, startMs, samples: media.samples.filter(({ dtsMs }) => dtsMs >= startMs) };
    const publisher = await OwnPublisher.open(stream.ingestUrl);
    const run = publisher.play(late);
    await heading(page, /^Waiting for the encoder’s next keyframe/).waitFor({ timeout: 20_000 });
    await playsFor(page, RARE_KEYFRAMES_S, 60_000);
    expect(await playbackState(page)).toMatchObject({ error: null });
    const video = page.locator('video');
    expect(await video.evaluate((element: HTMLVideoElement) => element.paused)).toBe(false);

    await publisher.close();
    await run;
    // Whoever was watching sees it to its end.
    await page.getByText('The stream has ended; this is its recording.').waitFor({ timeout: 20_000 });
    const { session } = await api.stream(stream.id);
    expect(session?.endReason).toBe('reconnect_window_passed');
    // On air is what was sent: neither the wait for the keyframe counts twice nor the one for a publisher who left.
    const onAirMs = (session?.endedAt ?? 0) - (session?.startedAt ?? 0);
    expect(onAirMs).toBeLessThan((session?.durationMs ?? 0) + RECONNECT_WINDOW_MS / 2);
    const facts = page.getByRole('region', { name: 'Last time on air' });
    await facts.getByText('640×360', { exact: false }).waitFor();
    await facts.getByText('The publisher left').waitFor();
    expect(await page.locator('ma-health-panel, ma-quality-badges').count()).toBe(0);

    await page.reload();
    await heading(page, 'The stream has ended').waitFor();
    await page.locator('ma-player img').first().waitFor();
    await page.getByRole('button', { name: 'Watch from the start' }).click();
    await playsFor(page, 3, 20_000);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('lets a stream without a picture be heard, and says so once', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Radio' });
    const publisher = await OwnPublisher.open(stream.ingestUrl, { only: 'audio' });
    const run = publisher.play(media);
    const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    await heading(page, 'Sound only').waitFor({ timeout: 30_000 });
    await playsFor(page, 3, 40_000);
    expect(await page.getByText(/no picture/).count()).toBe(1);

    const sound = page.getByRole('button', { name: /^Unmute/ });
    if ((await sound.count()) > 0) await sound.click();
    await expect
      .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.muted || video.volume === 0))
      .toBe(false);
    expect(errors).toEqual([]);
    await publisher.close();
    await run;
    await page.close();
  });
});
