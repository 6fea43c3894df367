import { describe, expect, it } from 'vitest';
import { percentile } from './bench/statistics.js';
import { openPage, playsFor } from './harness/browser.js';
import { LIVE_FRAME_MS, liveClip } from './harness/clips.js';
import { fetchPlaylist, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { transcodeFile } from './harness/transcode.js';
import { drawnFrames, installReader, recordDrawings } from './timecode/page-reader.js';
import { readFrameClock } from './timecode/session-clock.js';

const server = sharedServer();
const browser = sharedBrowser();

describe('the overlay', () => {
  it('is drawn on the frame that was analysed: timecode in the pixels against PTS of what is drawn', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Timecode' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip(), { loops: 0 });
    const client = await LiveClient.subscribe(baseUrl, stream.id);
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    try {
      await playsFor(page, 1, 30_000);
      await installReader(page);
      await recordDrawings(page);
      await playsFor(page, 10, 40_000);
      const drawn = await drawnFrames(page);
      const { session } = await api.stream(stream.id);
      if (!session) throw new Error('no session');
      const clock = await readFrameClock(
        await fetchPlaylist(await variantUrl(baseUrl + stream.playbackUrl)),
        session,
        LIVE_FRAME_MS,
      );

      // RTMP has whole milliseconds: the clock of the segments may round by one.
      expect(clock.jitterMs).toBeLessThan(1.5);
      expect(clock.unreadable).toBe(0);

      const withPicture = drawn.filter(({ frame }) => frame !== null);
      expect(withPicture.length).toBeGreaterThan(100);
      expect(withPicture.length / drawn.length).toBeGreaterThan(0.95);
      // Boxes that say that they are of this frame. How many frames get theirs in time is for the bench (`glass`).
      const errors = withPicture.flatMap(({ frame, ptsMs, drawnPtsMs }) => {
        const pts = clock.ptsOf(frame ?? -1);
        if (ptsMs === null || drawnPtsMs === null || pts === null) return [];
        return Math.abs(drawnPtsMs - ptsMs) < LIVE_FRAME_MS / 2 ? [Math.abs(pts - drawnPtsMs) / LIVE_FRAME_MS] : [];
      });
      expect(errors.length).toBeGreaterThan(30);
      // Almost all: a picture may be exchanged between the callback and the reading of its pixels.
      expect(percentile(errors, 0.9)).toBeLessThanOrEqual(1);

      // What the page shows as its own measurement must be what was measured from outside.
      const believed = withPicture.flatMap(({ frame, ptsMs }) => {
        const pts = clock.ptsOf(frame ?? -1);
        return ptsMs === null || pts === null ? [] : [Math.abs(pts - ptsMs)];
      });
      expect(percentile(believed, 0.5)).toBeLessThan(LIVE_FRAME_MS / 2);

      // Every analysis carries the PTS of a frame that exists.
      const known = client.of('analysis').filter(({ ptsMs }) => ptsMs <= clock.endMs);
      expect(known.length).toBeGreaterThan(0);
      for (const { ptsMs } of known.slice(0, 50)) {
        const frame = clock.frameAt(ptsMs);
        expect(frame).not.toBeNull();
        expect(Math.abs((clock.ptsOf(frame ?? -1) ?? Number.NaN) - ptsMs)).toBeLessThan(2);
      }
      const health = await api.health(stream.id);
      expect(health.overlayAlignment?.count).toBeGreaterThan(0);
    } finally {
      await publisher.stop();
      client.close();
      await page.close();
    }
  });
});

describe('an analysis', () => {
  it('is of the frame whose PTS it carries: a picture that comes and goes every few frames', async () => {
    const { api, baseUrl } = server();
    // Grey from frame 5 to 10 of every 11: with every third frame analysed, each boundary is met in all of its phases.
    const clip = await transcodeFile(await liveClip({ seconds: 30 }), 'blinking', [
      ...['-vf', "drawbox=y=ih/12:h=ih:color=gray:t=fill:enable='gte(mod(n,11),5)'"],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-g', '30', '-bf', '2', '-c:a', 'copy'],
    ]);
    const stream = await api.createStream({ name: 'Blinking' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, clip, { loops: 0 });
    const client = await LiveClient.subscribe(baseUrl, stream.id);
    await client.next('analysis', { withinMs: 40_000, accept: ({ ptsMs }) => ptsMs > 20_000 });
    const { session } = await api.stream(stream.id);
    if (!session) throw new Error('no session');
    const clock = await readFrameClock(
      await fetchPlaylist(await variantUrl(baseUrl + stream.playbackUrl)),
      session,
      LIVE_FRAME_MS,
    );
    await publisher.stop();
    client.close();

    const seen = client.of('analysis').flatMap(({ ptsMs, detections }) => {
      const frame = clock.frameAt(ptsMs);
      return frame === null ? [] : [{ visible: frame % 11 < 5, found: detections.length > 0 }];
    });
    const share = (visible: boolean): number => {
      const of = seen.filter((one) => one.visible === visible);
      return of.filter(({ found }) => found).length / of.length;
    };
    // One frame off would put a fifth of the analyses on the wrong side.
    expect(seen.length).toBeGreaterThan(60);
    expect(share(true)).toBeGreaterThan(0.9);
    expect(share(false)).toBeLessThan(0.05);
  });
});
