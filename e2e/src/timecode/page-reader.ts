import type { Page } from 'playwright-core';
import { CELLS, decodeCells, STRIP_SHARE } from './code.js';

/** A frame that the browser showed. Times in ms. */
export interface ShownFrame {
  /** Timecode in its pixels; null when it cannot be read. */
  readonly frame: number | null;
  /** Media time that the browser gives for it, seconds. */
  readonly mediaTime: number;
  /** Unix time at which the browser expected it on screen. */
  readonly displayedAt: number;
}

/** One drawing of the dashboard's overlay, and the timecode of the picture that it was drawn on. */
export interface DrawnFrame {
  readonly frame: number | null;
  /** PTS of the analysis that was drawn, session clock; null when nothing was drawn. */
  readonly drawnPtsMs: number | null;
  /** PTS of the analysis nearest to the shown frame, out of which the boxes were made; null when there was none. */
  readonly nearestPtsMs: number | null;
  /** PTS that the dashboard believes to be showing. */
  readonly ptsMs: number | null;
  readonly boxes: number;
  readonly latenessMs: number;
  readonly exact: boolean;
  /** Alignment error that the dashboard itself reports, ms. */
  readonly errorMs: number | null;
}

interface ReaderWindow extends Window {
  timecode?: {
    read(video: HTMLVideoElement): number | null;
    shown: ShownFrame[];
    drawn: DrawnFrame[];
  };
}

type DrawRecord = Omit<DrawnFrame, 'frame' | 'nearestPtsMs'> & {
  readonly beforePtsMs: number | null;
  readonly afterPtsMs: number | null;
};

/** What the reader needs of the dashboard's `window.__mediaAnalyzer.overlay`. */
interface OverlayHook {
  onDraw(listener: (record: DrawRecord, video: HTMLVideoElement) => void): () => void;
}

/** Puts the strip reader into a page that has a video element. Frames are kept from then on. */
export async function installReader(page: Page): Promise<void> {
  await page.evaluate(
    ({ decode, cells, share }) => {
      const decodeCells = new Function(`return (${decode})`)() as (luma: ArrayLike<number>) => number | null;
      const canvas = document.createElement('canvas');
      const side = 8;
      canvas.width = cells * side;
      canvas.height = side;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      if (!context) throw new Error('no 2d context');
      const read = (video: HTMLVideoElement): number | null => {
        const strip = video.videoHeight * share;
        context.drawImage(video, 0, strip / 4, video.videoWidth, strip / 2, 0, 0, canvas.width, canvas.height);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const luma = new Float64Array(cells);
        for (let cell = 0; cell < cells; cell++) {
          // The inner half of each cell: its edges are blurred by scaling.
          let sum = 0;
          for (let y = 2; y < side - 2; y++) {
            for (let x = cell * side + 2; x < (cell + 1) * side - 2; x++)
              sum += data[(y * canvas.width + x) * 4 + 1] ?? 0;
          }
          luma[cell] = sum / ((side - 4) * (side - 4));
        }
        return decodeCells(luma);
      };
      (window as ReaderWindow).timecode = { read, shown: [], drawn: [] };
    },
    { decode: decodeCells.toString(), cells: CELLS, share: STRIP_SHARE },
  );
}

/** Keeps every frame that the page's first video shows, until the page closes. */
export async function recordShownFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const reader = (window as ReaderWindow).timecode;
    const video = document.querySelector('video');
    if (!reader || !video) throw new Error('the page has no video or no reader');
    const onFrame: VideoFrameRequestCallback = (_now, { mediaTime, expectedDisplayTime }) => {
      reader.shown.push({
        frame: reader.read(video),
        mediaTime,
        displayedAt: performance.timeOrigin + expectedDisplayTime,
      });
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  });
}

/** Keeps every drawing of the dashboard's overlay together with the timecode in the picture at that moment. */
export async function recordDrawings(page: Page): Promise<void> {
  await page.waitForFunction(() => '__mediaAnalyzer' in window && document.querySelector('video'));
  await page.evaluate(() => {
    const reader = (window as ReaderWindow).timecode;
    const { overlay } = (window as Window & { __mediaAnalyzer?: { overlay?: OverlayHook } }).__mediaAnalyzer ?? {};
    if (!reader || !overlay) throw new Error('the page has no overlay or no reader');
    overlay.onDraw(({ beforePtsMs, afterPtsMs, ...record }, video) => {
      const { drawnPtsMs, ptsMs, boxes, latenessMs, exact, errorMs } = record;
      const sources = [beforePtsMs, afterPtsMs].filter((pts) => pts !== null);
      const distance = (pts: number): number => Math.abs(pts - (ptsMs ?? pts));
      const nearestPtsMs = sources.sort((a, b) => distance(a) - distance(b))[0] ?? drawnPtsMs;
      reader.drawn.push({
        frame: reader.read(video),
        drawnPtsMs,
        nearestPtsMs,
        ptsMs,
        boxes,
        latenessMs,
        exact,
        errorMs,
      });
    });
  });
}

/** Frames shown since recording began. */
export const shownFrames = (page: Page): Promise<ShownFrame[]> =>
  page.evaluate(() => (window as ReaderWindow).timecode?.shown ?? []);

/** Overlay drawings since recording began. */
export const drawnFrames = (page: Page): Promise<DrawnFrame[]> =>
  page.evaluate(() => (window as ReaderWindow).timecode?.drawn ?? []);
