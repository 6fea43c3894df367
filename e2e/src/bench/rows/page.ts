import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openBrowser, openPage, playsFor } from '../../harness/browser.js';
import { liveClip } from '../../harness/clips.js';
import { processTree } from '../../harness/process-tree.js';
import { publishWithFfmpeg } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { type Figure, noted, type Row } from '../result.js';

/** Loading the page, and the first half minute of a session, are no measure of what watching costs. */
const WARM_UP_SECONDS = 30;
const WINDOW = { width: 1440, height: 900 };

/**
 * What an open stream page costs the machine of whoever watches: CPU of the browser's processes, once as people watch, without
 * touching anything, and once with the pointer on the picture, which keeps the controls on the screen. Drawn without a graphics
 * card, as the worst of machines does.
 */
export const pageRow: Row = async ({ seconds }, say) => {
  const server = await TestServer.start();
  const stream = await server.api.createStream({ name: 'Bench' });
  const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
  const browser = await openBrowser(['--disable-gpu']);
  try {
    const { page } = await openPage(browser, `${server.baseUrl}/streams/${stream.id}`, WINDOW);
    await playsFor(page, WARM_UP_SECONDS, 120_000);
    await page.mouse.move(2, 2);
    say(`watching for ${seconds} s`);
    const watched = await browserCpu(seconds);
    say(`with the controls on the screen for ${seconds} s`);
    const touched = await withControls(page, () => browserCpu(seconds));
    return {
      figures: [figure('An open page of a stream on air', watched), figure('The same with its controls', touched)],
      data: { watched: [...watched], touched: [...touched] },
    };
  } finally {
    await browser.close();
    await publisher.stop();
    await server.stop();
  }
};

function figure(what: string, cpu: ReadonlyMap<string, number>): Figure {
  const parts = [...cpu].sort(([, a], [, b]) => b - a).map(([kind, percent]) => `${kind} ${percent.toFixed(1)}`);
  const value = [...cpu.values()].reduce((total, percent) => total + percent, 0);
  return noted({ what, value, unit: '% of a core', note: parts.join(', ') });
}

/** CPU of the browser that this process started by kind of process, % of a core. */
async function browserCpu(seconds: number): Promise<Map<string, number>> {
  const read = () =>
    processTree(process.pid)
      .filter(({ command }) => command.includes('chromium'))
      .map(({ pid, command, cpuSeconds }) => ({
        pid,
        kind: /--type=([\w-]+)/.exec(command)?.[1] ?? 'browser',
        cpuSeconds,
      }));
  const before = new Map(read().map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const elapsed = (performance.now() - startedAt) / 1000;
  const cpu = new Map<string, number>();
  for (const { pid, kind, cpuSeconds } of read()) {
    const percent = ((cpuSeconds - (before.get(pid) ?? 0)) / elapsed) * 100;
    cpu.set(kind, (cpu.get(kind) ?? 0) + percent);
  }
  return cpu;
}

async function withControls<T>(page: Page, run: () => Promise<T>): Promise<T> {
  const picture = await page.locator('video').boundingBox();
  if (!picture) throw new Error('the page shows no picture');
  let step = 0;
  const move = () => void page.mouse.move(picture.x + 40 + (step++ % 2), picture.y + 40).catch(() => {});
  move();
  const timer = setInterval(move, 1000);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}
