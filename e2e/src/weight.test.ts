import { describe, expect, it } from 'vitest';
import { openPage, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { type PageWeight, weigh } from './harness/weight.js';

/** What a first visit may cost, bytes on the wire, without pictures and media of streams. */
const LIST_BYTES = 300_000;
const STREAM_BYTES = 500_000;

const server = sharedServer();
const browser = sharedBrowser();

describe.each(['br', 'gzip'])('a first visit with %s', (coding) => {
  const encodings = coding === 'gzip' ? { gzipOnly: true } : {};

  it('to the list costs at most 0.3 MB', async () => {
    const { baseUrl, api } = server();
    await api.createStream({ name: 'Camera' });
    const weight = await weigh(browser(), { url: `${baseUrl}/streams`, until: 'ma-stream-list a', ...encodings });
    expectCompressed(weight, coding);
    expect(weight.bytes, describeWeight(weight)).toBeLessThanOrEqual(LIST_BYTES);
  });

  it('to a stream on air costs at most 0.5 MB', async () => {
    const { baseUrl, api } = server();
    const stream = await api.createStream({ name: 'Camera' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    try {
      const url = `${baseUrl}/streams/${stream.id}`;
      // Before it is weighed it must play at all; a page of its own, for an empty cache afterwards.
      const { page } = await openPage(browser(), url);
      await playsFor(page, 1, 40_000);
      await page.close();
      const weight = await weigh(browser(), { url, until: 'ma-results-panel', ...encodings });
      expectCompressed(weight, coding);
      expect(weight.bytes, describeWeight(weight)).toBeLessThanOrEqual(STREAM_BYTES);
    } finally {
      await publisher.stop();
    }
  });
});

/** Scripts and styles above one packet come compressed. */
function expectCompressed({ downloads }: PageWeight, coding: string): void {
  const code = downloads.filter(({ type, bytes }) => /javascript|css/.test(type) && bytes > 2000);
  expect(code.length).toBeGreaterThan(3);
  expect(new Set(code.map(({ encoding }) => encoding))).toEqual(new Set([coding]));
}

function describeWeight({ bytes, downloads }: PageWeight): string {
  const rows = [...downloads].sort((a, b) => b.bytes - a.bytes);
  return `${bytes} bytes: ${rows.map((row) => `${row.url} ${row.bytes} ${row.encoding}`).join(', ')}`;
}
