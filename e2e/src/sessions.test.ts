import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { fetchPlaylist, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { loadMedia, OwnPublisher } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';

const server = sharedServer({ env: { RECONNECT_WINDOW_MS: '8000' } });
const browser = sharedBrowser();

describe('a session', () => {
  it('goes on when the publisher returns within the reconnect window, without a reload of the page', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Reconnect' });
    const client = await LiveClient.subscribe(baseUrl, stream.id);

    const first = await OwnPublisher.open(stream.ingestUrl);
    const firstRun = first.play(media);
    const before = await api.inState(stream.id, 'live');
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    await page.evaluate(() => {
      (window as Window & { notReloaded?: boolean }).notReloaded = true;
    });
    await playsFor(page, 3, 30_000);
    first.vanish();
    await firstRun.catch(() => {});
    await api.inState(stream.id, 'reconnecting');
    await delay(2000); // A gap that is long enough to be told from jitter.

    // The same encoder, started again: its clock begins at 0.
    const second = await OwnPublisher.open(stream.ingestUrl);
    const secondRun = second.play(media);
    try {
      const after = await api.inState(stream.id, 'live');
      expect(after.session?.id).toBe(before.session?.id);
      expect(after.session?.epochAt).toBe(before.session?.epochAt);

      await playsFor(page, 6, 40_000);
      expect(await page.evaluate(() => (window as Window & { notReloaded?: boolean }).notReloaded)).toBe(true);
      expect(await playbackState(page)).toMatchObject({ error: null });

      const { session } = await api.stream(stream.id);
      expect(session?.gaps).toEqual([expect.objectContaining({ reason: 'publisher_lost' })]);
      const [gap] = session?.gaps ?? [];
      expect((gap?.toMs ?? 0) - (gap?.fromMs ?? 0)).toBeGreaterThan(1500);

      const playlist = await fetchPlaylist(await variantUrl(baseUrl + stream.playbackUrl));
      expect(playlist.segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
      const clocks = playlist.segments.map(({ programDateTime }) => programDateTime);
      expect(clocks).toEqual([...clocks].sort((a, b) => a - b));
      // Analyses may overtake one another by little; the session clock as a whole never runs back.
      const pts = client.of('analysis').map(({ ptsMs }) => ptsMs);
      const few = Math.floor(pts.length / 3);
      expect(few).toBeGreaterThan(0);
      expect(Math.max(...pts.slice(0, few))).toBeLessThan(Math.min(...pts.slice(-few)));
      expect(client.of('analysis').some(({ ptsMs }) => ptsMs > (gap?.toMs ?? Number.POSITIVE_INFINITY))).toBe(true);
    } finally {
      await second.close();
      await secondRun;
      client.close();
      await page.close();
    }
  });

  it('ends when the window has passed, and the next publisher begins a new one', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Window' });
    const first = await OwnPublisher.open(stream.ingestUrl);
    const firstRun = first.play(media);
    const { session } = await api.inState(stream.id, 'live');
    await delay(3000); // Two segments.
    first.vanish();
    await firstRun.catch(() => {});
    await api.inState(stream.id, 'reconnecting');
    const ended = await api.inState(stream.id, 'ended', 20_000);
    expect(ended.session).toMatchObject({ id: session?.id, endReason: 'reconnect_window_passed' });
    expect((await fetchPlaylist(await variantUrl(baseUrl + stream.playbackUrl))).ended).toBe(true);

    const second = await OwnPublisher.open(stream.ingestUrl);
    const secondRun = second.play(media);
    const again = await api.inState(stream.id, 'live');
    expect(again.session?.id).not.toBe(session?.id);
    expect(await api.sessions(stream.id)).toHaveLength(2);
    await second.close();
    await secondRun;
  });

  it('goes on through a change of resolution and codec parameters', async () => {
    const { api, baseUrl } = server();
    const [small, large] = await Promise.all([
      loadMedia(await liveClip({ seconds: 8 })),
      loadMedia(await liveClip({ seconds: 20, width: 1280, height: 720, bFrames: 0, bitrate: 1_500_000 })),
    ]);
    const stream = await api.createStream({ name: 'Change' });
    const publisher = await OwnPublisher.open(stream.ingestUrl);
    const end = Math.max(...small.samples.map(({ dtsMs }) => dtsMs)) + 33;
    const run = publisher.play(small).then(() =>
      publisher.play({
        tracks: large.tracks,
        samples: large.samples.map((one) => ({ ...one, ptsMs: one.ptsMs + end, dtsMs: one.dtsMs + end })),
        startMs: end,
      }),
    );
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    try {
      const before = await api.inState(stream.id, 'live');
      await playsFor(page, 2, 30_000);
      await page.waitForFunction(() => document.querySelector('video')?.videoWidth === 1280, undefined, {
        timeout: 30_000,
      });
      await playsFor(page, 3, 20_000);
      const after = await api.stream(stream.id);
      expect(after.session).toMatchObject({ id: before.session?.id, video: { width: 1280, height: 720 } });
      const playlist = await fetchPlaylist(await variantUrl(baseUrl + stream.playbackUrl));
      expect(new Set(playlist.segments.map(({ initUrl }) => initUrl)).size).toBe(2);
    } finally {
      await publisher.close();
      await run;
      await page.close();
    }
  });
});
