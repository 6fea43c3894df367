import { type Browser, type BrowserContextOptions, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { findProgram } from './programs.js';

/** Chromium of the system, without a screen. @param more arguments of it @throws Error that says how to install it. */
export function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium'),
    headless: true,
    args: [
      // Tests run as root in containers, where Chromium's own sandbox cannot start.
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      '--mute-audio',
      // A page without focus must not be slowed down while it is measured.
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      ...more,
    ],
  });
}

/** A page and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Uncaught errors and console errors, but requests that a test makes fail on purpose. */
  readonly errors: string[];
}

/** A new page that keeps its errors. */
export async function openPage(
  browser: Browser,
  url: string,
  size = { width: 1440, height: 900 },
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: size, ...options });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  return { page, errors };
}

/** What a video element says of itself. */
export interface PlaybackState {
  readonly currentTime: number;
  readonly readyState: number;
  readonly width: number;
  readonly height: number;
  readonly droppedFrames: number;
  readonly totalFrames: number;
  readonly error: string | null;
}

/** State of the page's first video element; null when there is none. */
export function playbackState(page: Page): Promise<PlaybackState | null> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) return null;
    const quality = video.getVideoPlaybackQuality();
    return {
      currentTime: video.currentTime,
      readyState: video.readyState,
      width: video.videoWidth,
      height: video.videoHeight,
      droppedFrames: quality.droppedVideoFrames,
      totalFrames: quality.totalVideoFrames,
      error: video.error ? `${video.error.code} ${video.error.message}` : null,
    };
  });
}

/** Waits until the video has played `seconds` from where it stands now. */
export async function playsFor(page: Page, seconds: number, withinMs: number): Promise<void> {
  await page.waitForFunction(
    (goal) => {
      const video = document.querySelector('video');
      if (!video || video.readyState < 2) return false;
      const state = window as Window & { playsFrom?: number };
      state.playsFrom ??= video.currentTime;
      const played = video.currentTime - state.playsFrom >= goal;
      if (played) delete state.playsFrom;
      return played;
    },
    seconds,
    { timeout: withinMs, polling: 100 },
  );
}
