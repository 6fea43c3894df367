import { setTimeout as delay } from 'node:timers/promises';
import { openBrowser, openPage, playsFor } from '../../harness/browser.js';
import { fetchPlaylist, variantUrl } from '../../harness/hls.js';
import { loadMedia, OwnPublisher } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import {
  drawnFrames,
  installReader,
  recordDrawings,
  recordShownFrames,
  shownFrames,
} from '../../timecode/page-reader.js';
import { readFrameClock } from '../../timecode/session-clock.js';
import { BENCH_CLIP_TEXT, BENCH_FRAME_MS, benchClip } from '../clip.js';
import { atMost, noted, type Row } from '../result.js';
import { percentile } from '../statistics.js';

/** Until the player has found its distance to the live edge. */
const SETTLE_SECONDS = 10;

/**
 * Glass to glass and overlay alignment, from one run in a real browser on the dashboard's live page.
 *
 * Glass to glass: the publisher notes when the last byte of frame n was written; the page reads n from the pixels of each
 * shown frame and notes when the browser puts it on screen. Alignment: when the overlay is drawn, the page reads n from
 * the pixels; the PTS of frame n comes from the served segments, decoded by ffmpeg, and is compared with the PTS of the
 * analysis that was drawn.
 */
export const glassRow: Row = async ({ seconds }, say) => {
  const media = await loadMedia(await benchClip());
  const server = await TestServer.start();
  const browser = await openBrowser();
  const stream = await server.api.createStream({ name: 'Bench' });
  const frameOf = presentationOrder(media.samples.filter(({ kind }) => kind === 'video').map(({ ptsMs }) => ptsMs));
  const sentAt = new Map<number, number>();
  const publisher = await OwnPublisher.open(stream.ingestUrl, {
    onSent: ({ kind, ptsMs }) => {
      if (kind === 'video') sentAt.set(frameOf(ptsMs), performance.timeOrigin + performance.now());
    },
  });
  const playing = publisher.play(media);
  try {
    await server.api.inState(stream.id, 'live');
    const { page } = await openPage(browser, `${server.baseUrl}/streams/${stream.id}`);
    await playsFor(page, 1, 30_000);
    await installReader(page);
    await delay(SETTLE_SECONDS * 1000);
    await recordShownFrames(page);
    await recordDrawings(page);
    const windowMs = Math.min(seconds, 60 - SETTLE_SECONDS - 10) * 1000;
    say(`measuring for ${windowMs / 1000} s`);
    await delay(windowMs);
    const [shown, drawn] = [await shownFrames(page), await drawnFrames(page)];

    const latencies = shown.flatMap(({ frame, displayedAt }) => {
      const sent = frame === null ? undefined : sentAt.get(frame);
      return sent === undefined ? [] : [displayedAt - sent];
    });
    const { session } = await server.api.stream(stream.id);
    if (!session) throw new Error('the stream has no session');
    const clock = await readFrameClock(
      await fetchPlaylist(await variantUrl(server.baseUrl + stream.playbackUrl)),
      session,
      BENCH_FRAME_MS,
    );
    const errors = drawn.flatMap(({ frame, drawnPtsMs }) => {
      const pts = frame === null ? null : clock.ptsOf(frame);
      return pts === null || drawnPtsMs === null ? [] : [Math.abs(pts - drawnPtsMs) / BENCH_FRAME_MS];
    });
    const distances = drawn.flatMap(({ frame, nearestPtsMs }) => {
      const analysed = nearestPtsMs === null ? null : clock.frameAt(nearestPtsMs);
      return frame === null || analysed === null ? [] : [Math.abs(frame - analysed)];
    });
    const exact = drawn.filter((one) => one.exact).length;
    const alignmentNote = `${errors.length} drawings with a picture that could be read, ${exact} of them on the analysed frame itself; PTS from segments decoded by ffmpeg (clock within ${clock.jitterMs.toFixed(2)} ms)`;
    const glassNote = `${latencies.length} frames, Chromium, dashboard page with overlay; ${BENCH_CLIP_TEXT}`;
    return {
      figures: [
        noted({
          what: 'Overlay alignment error, p50',
          value: percentile(errors, 0.5),
          unit: 'frames',
          note: alignmentNote,
        }),
        atMost(1, {
          what: 'Overlay alignment error, p95',
          value: percentile(errors, 0.95),
          unit: 'frames',
          note: alignmentNote,
        }),
        noted({
          what: 'Shown frame to nearest analysed frame, p95',
          value: percentile(distances, 0.95),
          unit: 'frames',
          note: 'at 10 analyses/s of 30 frames/s two of three frames lie beside an analysed one; boxes are interpolated there',
        }),
        atMost(2, {
          what: 'Publisher to picture (glass to glass), p50',
          value: percentile(latencies, 0.5) / 1000,
          unit: 's',
          note: glassNote,
        }),
        noted({
          what: 'Publisher to picture (glass to glass), p95',
          value: percentile(latencies, 0.95) / 1000,
          unit: 's',
          note: glassNote,
        }),
      ],
      data: {
        latencies,
        errors,
        distances,
        unreadableShown: shown.filter(({ frame }) => frame === null).length,
        reportedByPage: drawn.map(({ errorMs }) => errorMs),
      },
    };
  } finally {
    await publisher.close();
    await playing;
    await browser.close();
    await server.stop();
  }
};

/** Number of a frame in presentation order, by its PTS: what its timecode says. */
function presentationOrder(ptsMs: readonly number[]): (ptsMs: number) => number {
  const order = new Map([...ptsMs].sort((a, b) => a - b).map((pts, frame) => [pts, frame]));
  return (pts) => order.get(pts) ?? -1;
}
