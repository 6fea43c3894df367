import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { presence } from '@media-analyzer/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, playsFor } from './harness/browser.js';
import { LIVE_FRAME_MS, liveClip } from './harness/clips.js';
import { fetchPlaylist } from './harness/hls.js';
import { findProgram } from './harness/programs.js';
import { loadMedia, OwnPublisher } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { installReader } from './timecode/page-reader.js';
import { type FrameClock, readFrameClock } from './timecode/session-clock.js';

type Hooked = Window & { __mediaAnalyzer?: { overlay?: { draws: readonly { ptsMs: number | null }[] } } };

const run = promisify(execFile);
const server = sharedServer({ env: { RECONNECT_WINDOW_MS: '1000' } }, { prepared: true });
const browser = sharedBrowser();

let streamId = '';
let sessionId = '';
let clock: FrameClock;
let folder = '';

/** A recording of eighteen seconds whose frames carry their numbers. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'media-analyzer-e2e-'));
  const { api, baseUrl } = server();
  const stream = await api.createStream({ name: 'Recorded' });
  const publisher = await OwnPublisher.open(stream.ingestUrl);
  await publisher.play(await loadMedia(await liveClip({ seconds: 18 })));
  await publisher.close();
  const { session } = await api.inState(stream.id, 'ended', 30_000);
  if (!session) throw new Error('no session');
  [streamId, sessionId] = [stream.id, session.id];
  clock = await readFrameClock(
    await fetchPlaylist(`${baseUrl}/hls/${streamId}/${sessionId}/recording.m3u8`),
    session,
    LIVE_FRAME_MS,
  );
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const address = (query = '') => `${server().baseUrl}/streams/${streamId}/sessions/${sessionId}${query}`;

/** The number in the pixels of the frame that stands on the screen, when a paused picture has come to rest. */
async function standingFrame(page: Page): Promise<number | null> {
  await page.waitForFunction(() => {
    const video = document.querySelector('video');
    return video?.paused && !video.seeking && video.readyState >= 2;
  });
  return page.evaluate(
    () =>
      new Promise<number | null>((resolve) => {
        const reader = (window as Window & { timecode?: { read(video: HTMLVideoElement): number | null } }).timecode;
        const video = document.querySelector('video');
        // Two paints later a seek that has ended is on the screen.
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(video && reader ? reader.read(video) : null)));
      }),
  );
}

/** Moves the bar to this second of the recording. */
const seekTo = (page: Page, position: number) =>
  page.getByLabel('Position').evaluate((input, seconds) => {
    (input as HTMLInputElement).value = String(seconds);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, position);

/** PTS of the frame that was drawn last, ms. */
const shownMs = (page: Page) =>
  page.evaluate(() => (window as Hooked).__mediaAnalyzer?.overlay?.draws.at(-1)?.ptsMs ?? -1);

async function jumpsTo(page: Page, key: string, ptsMs: number): Promise<void> {
  await page.keyboard.press(key);
  await expect
    .poll(async () => Math.abs((await shownMs(page)) - ptsMs), { timeout: 10_000, message: `${key} to ${ptsMs}` })
    // Times are whole milliseconds: frames are 33 or 34 apart.
    .toBeLessThanOrEqual(Math.ceil(LIVE_FRAME_MS));
}

describe('a recording', () => {
  it('is found on the page of its stream, plays, and is sought in', async () => {
    const { page, errors } = await openPage(browser(), `${server().baseUrl}/streams/${streamId}`);
    await page.getByRole('link', { name: /Watch the recording of/ }).click();
    await page.waitForURL(/\/sessions\//);
    await playsFor(page, 2, 30_000);
    await installReader(page);
    await page.keyboard.press('k');
    const ptsMs = clock.ptsOf(300)!;
    await seekTo(page, (ptsMs - clock.ptsOf(0)!) / 1000);
    expect(Math.abs(((await standingFrame(page)) ?? -100) - 300)).toBeLessThanOrEqual(3);
    expect(errors).toEqual([]);
    await page.close();
  }, 60_000);

  it('is linked to by its moment: the very frame, also after a reload, and the nearest one when it is not there', async () => {
    const ptsMs = clock.ptsOf(200)!;
    const { page } = await openPage(browser(), address(`?t=${Math.round(ptsMs) / 1000}`));
    await playsFor(page, 0.3, 30_000);
    await page.keyboard.press('k');
    await installReader(page);
    const paused = await standingFrame(page);
    expect(paused).toBeGreaterThanOrEqual(200);
    expect(paused).toBeLessThan(260);
    // The address follows what is shown; a reload begins there.
    await page.waitForURL((url) => Number(url.searchParams.get('t')) * 1000 > ptsMs);
    const kept = Number(new URL(page.url()).searchParams.get('t')) * 1000;
    expect(Math.abs(kept - clock.ptsOf(paused!)!)).toBeLessThan(2);
    await page.reload();
    const first = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const watch = () => {
            const overlay = (
              window as Window & {
                __mediaAnalyzer?: { overlay?: { onDraw(run: (record: { ptsMs: number | null }) => void): () => void } };
              }
            ).__mediaAnalyzer?.overlay;
            if (!overlay) return void requestAnimationFrame(watch);
            overlay.onDraw(({ ptsMs }) => ptsMs !== null && resolve(ptsMs));
          };
          watch();
        }),
    );
    expect(Math.abs((await first) - kept)).toBeLessThan(3 * LIVE_FRAME_MS);
    await page.goto(address('?t=4000'));
    await page.getByText('The recording ends before the link’s moment').waitFor();
    await page.goto(address('?t=soon'));
    await page.getByText('The link’s time cannot be read').waitFor();
    await page.close();
  }, 60_000);

  it('is stepped through frame by frame, and its picture is saved in full size', async () => {
    const { page } = await openPage(browser(), address());
    await playsFor(page, 1, 30_000);
    await page.keyboard.press('k');
    await installReader(page);
    const begin = await standingFrame(page);
    expect(begin).not.toBeNull();
    for (const [key, change] of [
      ['.', 1],
      ['.', 2],
      ['.', 3],
      [',', 2],
      [',', 1],
      [',', 0],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => standingFrame(page), { timeout: 5000 }).toBe(begin! + change);
    }
    const download = page.waitForEvent('download');
    await page.keyboard.press('s');
    const file = path.join(folder, 'snapshot.png');
    const saved = await download;
    expect(saved.suggestedFilename()).toMatch(/^Recorded \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\.\d{3}Z\.png$/);
    await saved.saveAs(file);
    const { stdout } = await run(findProgram('ffprobe'), [
      ...['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', file],
    ]);
    expect(stdout.trim()).toBe('png,640,360');
    await page.close();
  }, 60_000);

  it('has on its bar what the viewer wants to see, and is sought in by that', async () => {
    const { page, errors } = await openPage(browser(), address());
    await playsFor(page, 0.3, 30_000);
    await page.keyboard.press('k');
    const lanes = () => page.locator('ma-seek-bar .lanes i').evaluateAll((all) => all.map((one) => one.outerHTML));
    const seen: { lanes: string[]; comesMs: number[] }[] = [];
    for (const [name, certainty] of [
      ['Very sure', 'very_sure'],
      ['All', 'raw'],
    ] as const) {
      const answer = page.waitForResponse((one) => one.url().includes(`/presence?certainty=${certainty}`));
      await page.getByRole('button', { name: /^Filter/ }).click();
      await page.getByRole('radio', { name, exact: true }).check();
      await page.keyboard.press('Escape');
      const { classes } = presence.parse(await (await answer).json());
      await expect.poll(lanes).not.toEqual(seen.at(-1)?.lanes ?? []);
      const comesMs = classes.flatMap((one) => one.comesMs).sort((one, other) => one - other);
      seen.push({ lanes: await lanes(), comesMs });
      await seekTo(page, 0);
      await expect.poll(() => shownMs(page), { timeout: 10_000 }).toBeLessThan(clock.ptsOf(0)! + 200);
      for (let jump = 0; jump < 3; jump++) {
        const atMs = await shownMs(page);
        const nextMs = comesMs.find((ms) => ms > atMs + 5);
        if (nextMs !== undefined) await jumpsTo(page, ']', nextMs);
      }
      const hereMs = await shownMs(page);
      const beforeMs = comesMs.findLast((ms) => ms < hereMs - 1000);
      if (beforeMs !== undefined) await jumpsTo(page, '[', beforeMs);
    }
    const [verySure, all] = seen;
    expect(all?.comesMs.length).toBeGreaterThan(verySure?.comesMs.length ?? 0);
    expect(verySure?.comesMs.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    await page.close();
  }, 60_000);

  it('is downloaded as a file that other programs play, whole and in pieces', async () => {
    const url = `${server().baseUrl}/api/streams/${streamId}/sessions/${sessionId}/download.mp4`;
    const response = await fetch(url);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes.length).toBe(Number(response.headers.get('content-length')));
    const file = path.join(folder, 'recording.mp4');
    await writeFile(file, bytes);
    const { stdout } = await run(findProgram('ffprobe'), [
      ...['-v', 'error', '-count_frames', '-select_streams', 'v', '-show_entries'],
      ...['stream=nb_read_frames:format=duration,start_time', '-of', 'csv=p=0', file],
    ]);
    const [frames, start, duration] = stdout.trim().split(/[\n,]/).map(Number);
    expect(frames).toBe(clock.frames);
    expect(start).toBeCloseTo(0, 1);
    expect(duration).toBeCloseTo((clock.frames * LIVE_FRAME_MS) / 1000, 0);
    const piece = await fetch(url, { headers: { range: 'bytes=5000-99999' } });
    expect(piece.status).toBe(206);
    expect(Buffer.from(await piece.arrayBuffer()).equals(Buffer.from(bytes.subarray(5000, 100_000)))).toBe(true);
  }, 60_000);

  it('is deleted after a question, and is gone with its media', async () => {
    const { page } = await openPage(browser(), `${server().baseUrl}/streams/${streamId}`);
    await page.getByRole('button', { name: /Delete the recording of/ }).click();
    await page.getByRole('button', { name: 'Delete recording' }).click();
    await page.getByText('The recording is deleted').waitFor();
    const { baseUrl, api } = server();
    expect((await fetch(`${baseUrl}/hls/${streamId}/${sessionId}/recording.m3u8`)).status).toBe(404);
    expect(await api.sessions(streamId)).toHaveLength(0);
    await page.close();
  }, 60_000);
});
