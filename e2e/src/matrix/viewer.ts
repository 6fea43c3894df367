import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../harness/wait.js';

/** What somebody does who has the page open. */
export type ViewerKind = 'watching' | 'paused' | 'in the past' | 'in a hidden tab';

/** What is on the screen of a page at one moment. */
export interface Shown {
  readonly paused: boolean;
  readonly readyState: number;
  readonly currentTime: number;
  /** From and to of each loaded stretch, media time in seconds. */
  readonly buffered: readonly (readonly [number, number])[];
  /** Frames that were decoded, and those of them that came too late to be shown: a busy machine. */
  readonly frames: readonly [decoded: number, dropped: number];
  /** PTS of the last frame that was drawn over, ms on the session's clock; null before the first. */
  readonly ptsMs: number | null;
  /** Unix ms of now less the session's time of that frame: latency for who is live, ms. */
  readonly behindMs: number | null;
  readonly epochAt: number | null;
  readonly error: string | null;
  /** What stands over the picture or in its place. */
  readonly stage: string;
  readonly path: string;
}

interface MatrixWindow extends Window {
  matrixHidden?: boolean;
  /** When the last frame came on the screen, and the longest time without a new one, ms. */
  matrixStands?: { last: number; longest: number };
  __mediaAnalyzer?: {
    overlay?: { draws: { ptsMs: number | null; at: number }[]; onDraw(listener: () => void): () => void };
    player?: { entries: { at: number; text: string }[] };
  };
}

/** Small pages: drawing without a graphics card is what costs most here, and nothing that is looked at depends on the size. */
const VIEWPORT = { width: 480, height: 420 };
/** So often the server is asked when PTS 0 of its session was, ms. */
const EPOCH_EVERY_MS = 500;
/** So often a page is looked at, ms: less often than that asking would be a good part of what a page has to do. */
const LOOK_EVERY_MS = 300;
/** A picture that is the same at so many further looks stands. */
const STANDS_AFTER_LOOKS = 3;
/** A page that does not answer for so long stands for good, ms. */
const ANSWER_WITHIN_MS = 10_000;

/** A person before a browser, who opens the page of one stream after the other. */
export class Viewer {
  private opened: Page | null = null;
  private streamUrl = '';
  private epoch: { readonly at: number | null; readonly askedAt: number } = { at: null, askedAt: 0 };

  private constructor(
    readonly kind: ViewerKind,
    readonly context: BrowserContext,
  ) {}

  static async open(browser: Browser, kind: ViewerKind): Promise<Viewer> {
    const context = await browser.newContext({ viewport: VIEWPORT });
    context.setDefaultTimeout(ANSWER_WITHIN_MS);
    return new Viewer(kind, context);
  }

  get page(): Page {
    if (!this.opened) throw new Error('the viewer has opened no page');
    return this.opened;
  }

  /**
   * Goes to the page of a stream: from another page of the dashboard, as people do who have it open. To load the dashboard
   * anew for every change would cost this machine more than all that is looked at.
   */
  async watch(baseUrl: string, streamId: string): Promise<void> {
    this.streamUrl = `${baseUrl}/api/streams/${streamId}`;
    this.epoch = { at: null, askedAt: 0 };
    const path = `/streams/${streamId}`;
    if (this.opened) return this.go(path);
    const page = await this.context.newPage();
    this.opened = page;
    // Headless Chromium cannot hide a tab: the page is told what a hidden one is told, and its element is paused as
    // Chromium pauses muted ones.
    await page.addInitScript(() => {
      const state = window as MatrixWindow;
      Object.defineProperty(document, 'hidden', { get: () => state.matrixHidden === true });
      Object.defineProperty(document, 'visibilityState', { get: () => (state.matrixHidden ? 'hidden' : 'visible') });
    });
    await page.goto(baseUrl + path, { waitUntil: 'commit', timeout: 30_000 });
  }

  /** Leaves the stream's page; what was done to the network is undone. `broken`: the tab is not used again. */
  async leave({ broken }: { broken: boolean }): Promise<void> {
    await this.context.setOffline(false);
    if (!broken) await this.go('/nothing').catch(() => (broken = true));
    if (!broken) return;
    await this.opened?.close();
    this.opened = null;
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  async shown(): Promise<Shown> {
    const epochAt = await this.epochAt();
    return this.page.evaluate((epoch) => {
      const video = document.querySelector('video');
      const draws = (window as MatrixWindow).__mediaAnalyzer?.overlay?.draws ?? [];
      const ptsMs = draws.at(-1)?.ptsMs ?? null;
      const quality = video?.getVideoPlaybackQuality();
      return {
        paused: video?.paused ?? true,
        readyState: video?.readyState ?? 0,
        currentTime: video?.currentTime ?? 0,
        buffered: Array.from(
          { length: video?.buffered.length ?? 0 },
          (_, i) => [video?.buffered.start(i) ?? 0, video?.buffered.end(i) ?? 0] as const,
        ),
        frames: [quality?.totalVideoFrames ?? 0, quality?.droppedVideoFrames ?? 0] as const,
        ptsMs,
        behindMs: ptsMs === null || epoch === null ? null : Date.now() - epoch - ptsMs,
        epochAt: epoch,
        error: video?.error ? `${video.error.code} ${video.error.message}` : null,
        stage: document.querySelector('ma-stage-card')?.textContent?.trim().replace(/\s+/g, ' ') ?? '',
        path: location.pathname + location.search,
      };
    }, epochAt);
  }

  /** What the page's player has done, oldest first, each with how many seconds ago. */
  async playerLog(): Promise<string[]> {
    return this.page.evaluate(() => {
      const entries = (window as MatrixWindow).__mediaAnalyzer?.player?.entries ?? [];
      return entries.map(({ at, text }) => `${((at - performance.now()) / 1000).toFixed(1)} s ${text}`);
    });
  }

  /** From now on the longest time without a new frame is kept. */
  async watchStands(): Promise<void> {
    await this.page.evaluate(() => {
      const state = window as MatrixWindow;
      const stands = { last: performance.now(), longest: 0 };
      state.matrixStands = stands;
      state.__mediaAnalyzer?.overlay?.onDraw(() => {
        const now = performance.now();
        stands.longest = Math.max(stands.longest, now - stands.last);
        stands.last = now;
      });
    });
  }

  /** The longest time without a new frame since then, ms. */
  async longestStandMs(): Promise<number> {
    return this.page.evaluate(() => (window as MatrixWindow).matrixStands?.longest ?? 0);
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Pauses with the keyboard, and is sure of it. */
  async pause(): Promise<void> {
    await this.press('k');
    await this.when('paused picture', 5000, ({ paused }) => paused);
  }

  async play(): Promise<void> {
    await this.press('k');
  }

  /** Hides the tab. */
  async hide(): Promise<void> {
    await this.page.evaluate(() => {
      (window as MatrixWindow).matrixHidden = true;
      document.dispatchEvent(new Event('visibilitychange'));
      document.querySelector('video')?.pause();
    });
  }

  /** Brings the tab to the front again. */
  async show(): Promise<void> {
    await this.page.evaluate(() => {
      (window as MatrixWindow).matrixHidden = false;
      document.dispatchEvent(new Event('visibilitychange'));
    });
  }

  /** Waits until what is shown is as expected. @throws Error with what is shown instead */
  async when(what: string, withinMs: number, holds: (shown: Shown) => boolean): Promise<Shown> {
    return until(
      async () => {
        const shown = await this.shown();
        return holds(shown) && shown;
      },
      { what, withinMs, everyMs: LOOK_EVERY_MS },
    );
  }

  /** Waits until the picture stands: on a busy machine frames that were on their way come for a while after the pause. */
  async stands(): Promise<Shown> {
    let before: number | null = null;
    let same = 0;
    return this.when('picture that stands', 10_000, ({ ptsMs }) => {
      same = ptsMs !== null && ptsMs === before ? same + 1 : 0;
      before = ptsMs;
      return same >= STANDS_AFTER_LOOKS;
    });
  }

  /** Waits until these words stand over the picture or in its place. */
  async sees(words: RegExp, withinMs: number): Promise<void> {
    await this.when(`words ${words}`, withinMs, ({ stage }) => words.test(stage));
  }

  /** Waits until so many seconds have been played from now on, in any number of sources. */
  async plays(seconds: number, withinMs: number): Promise<Shown> {
    let played = 0;
    let before: { readonly currentTime: number; readonly at: number } | null = null;
    return this.when(`${seconds} s of playback`, withinMs, ({ currentTime, paused, readyState }) => {
      const at = performance.now();
      if (before && !paused && readyState >= 2) {
        // Jumps and new sources add nothing: playback moves as real time does, however late it is looked at.
        const step = currentTime - before.currentTime;
        if (step > 0 && step < (at - before.at) / 1000 + 0.5) played += step;
      }
      before = { currentTime, at };
      return played >= seconds;
    });
  }

  /** What the browser's buttons back and forward do: the page stays, its router goes to another address. */
  private async go(path: string): Promise<void> {
    await this.page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
  }

  private async epochAt(): Promise<number | null> {
    if (Date.now() - this.epoch.askedAt < EPOCH_EVERY_MS) return this.epoch.at;
    const response = await fetch(this.streamUrl).catch(() => null);
    const stream = response?.ok ? ((await response.json()) as { session: { epochAt: number } | null }) : null;
    this.epoch = { at: stream?.session?.epochAt ?? null, askedAt: Date.now() };
    return this.epoch.at;
  }
}
