import type { Browser } from 'playwright-core';

/** One file as it came over the wire. */
export interface Download {
  readonly url: string;
  readonly type: string;
  readonly encoding: string;
  /** Headers and body as they were sent, bytes. */
  readonly bytes: number;
}

/** What a first visit costs: everything but pictures of streams and media, whose size is the publisher's choice. */
export interface PageWeight {
  readonly bytes: number;
  readonly downloads: readonly Download[];
}

/** A visit to weigh. */
export interface Visit {
  readonly url: string;
  /** Selector of what shows that the page is complete. */
  readonly until: string;
  /** Without Brotli, as Chromium asks for plain HTTP from another machine. */
  readonly gzipOnly?: boolean;
}

/** Weighs the first visit of a browser that has nothing in its cache. */
export async function weigh(browser: Browser, visit: Visit): Promise<PageWeight> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ...(visit.gzipOnly && { extraHTTPHeaders: { 'accept-encoding': 'gzip' } }),
  });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    const begun = new Map<string, Omit<Download, 'bytes'>>();
    const downloads: Download[] = [];
    session.on('Network.responseReceived', ({ requestId, response }) => {
      const encoding = response.headers['content-encoding'] ?? response.headers['Content-Encoding'] ?? '';
      begun.set(requestId, { url: new URL(response.url).pathname, type: response.mimeType, encoding });
    });
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const download = begun.get(requestId);
      if (download && !isMedia(download)) downloads.push({ ...download, bytes: encodedDataLength });
    });
    await session.send('Network.enable');
    await page.goto(visit.url, { waitUntil: 'load' });
    await page.waitForSelector(visit.until);
    await page.waitForFunction(() => document.fonts.status === 'loaded');
    await page.waitForLoadState('load');
    return { bytes: downloads.reduce((sum, { bytes }) => sum + bytes, 0), downloads };
  } finally {
    await context.close();
  }
}

function isMedia({ url, type }: Omit<Download, 'bytes'>): boolean {
  return /^(video|audio|image\/jpeg)/.test(type) || /\.(m4s|mp4|m3u8)$/.test(url);
}
