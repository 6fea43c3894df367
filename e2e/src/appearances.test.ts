import { readFile } from 'node:fs/promises';
import { type Interval, interval, page as pageOf } from '@media-analyzer/protocol';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { LiveClient } from './harness/live-client.js';
import { testMedia } from './harness/paths.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

const server = sharedServer();
const browser = sharedBrowser();

/** A box as the overlay's hook tells it. */
interface Drawn {
  readonly trackId: number | null;
  readonly label: string;
  readonly rect: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly text: string | null;
}

type Hooked = Window & {
  __mediaAnalyzer?: { overlay?: { boxes: readonly Drawn[] } };
  drawnSince?: ReadonlySet<number | null>;
};

const drawn = (page: Page): Promise<readonly Drawn[]> =>
  page.evaluate(() => (window as Hooked).__mediaAnalyzer?.overlay?.boxes ?? []);
const rows = (page: Page) => page.locator('ma-appearance-rows ol button');

/**
 * Clicks the last row that can be seen. In the page, in one go: the list moves on while it is on air, so that the row that
 * was read could be another than the one that is clicked a moment later.
 *
 * @returns its track; `hasDrawn` tells whether the box of the track was there since, if only for one frame
 */
async function clickLastRow(page: Page) {
  const trackId = await page.evaluate(() => {
    const row = [...document.querySelectorAll<HTMLElement>('ma-appearance-rows [data-track]')].at(-1)!;
    const since = new Set<number | null>();
    Object.assign(window, { drawnSince: since });
    const look = () => {
      for (const box of (window as Hooked).__mediaAnalyzer?.overlay?.boxes ?? []) since.add(box.trackId);
      if ((window as Hooked).drawnSince === since) requestAnimationFrame(look);
    };
    row.click();
    requestAnimationFrame(look);
    return Number(row.dataset.track);
  });
  const hasDrawn = () => page.evaluate((id) => (window as Hooked).drawnSince?.has(id) ?? false, trackId);
  return { trackId, hasDrawn };
}

/** A crowd on air, watched. */
async function crowd(name: string) {
  const { api, baseUrl } = server();
  const stream = await api.createStream({ name });
  const clip = await liveClip({ sources: [testMedia('video/pedestrian_street_480p25.mp4')], seconds: 60 });
  const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
  const { page, errors } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
  await playsFor(page, 3, 60_000);
  await until(async () => (await rows(page).count()) >= 5, { what: 'five rows', withinMs: 60_000 });
  return { stream, publisher, page, errors, sessionId: (await api.stream(stream.id)).session!.id };
}

describe('appearances', () => {
  it('are listed for the whole session, whatever is being watched, and are drawn where their rows lead', async () => {
    const { page, publisher, errors } = await crowd('Rows');
    try {
      const before = await rows(page).count();
      // Three times an older one: the list must not end where the picture is.
      for (let time = 0; time < 3; time++) {
        const { trackId, hasDrawn } = await clickLastRow(page);
        await until(hasDrawn, { what: `box of the row of track ${trackId}`, withinMs: 20_000 });
        expect(await rows(page).count()).toBeGreaterThanOrEqual(before);
      }
      await until(async () => (await page.locator('ma-appearance-rows [aria-current]').count()) === 1, {
        what: 'row that is marked as the one being watched',
        withinMs: 10_000,
      });
      expect(errors).toEqual([]);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });

  it('follow the viewer’s filter everywhere, and the filter outlives a reload', async () => {
    const { page, publisher, errors } = await crowd('Filter');
    try {
      await page.getByRole('button', { name: /^Filter/ }).click();
      const filter = page.getByRole('dialog', { name: 'What to show' });
      await filter.getByRole('button', { name: 'None' }).click();
      await until(async () => (await drawn(page)).length === 0 && (await rows(page).count()) === 0, {
        what: 'empty picture and list',
        withinMs: 10_000,
      });
      // A class that has not been seen can be chosen.
      await filter.getByRole('searchbox').fill('toaster');
      await filter.getByRole('checkbox', { name: 'toaster' }).check();
      await filter.getByRole('searchbox').fill('person');
      await filter.getByRole('checkbox', { name: 'person' }).check();
      await filter.getByRole('radio', { name: 'Very sure' }).check();
      const kept = () => page.evaluate(() => localStorage.getItem('media-analyzer.overlay.filter'));
      const chosen = await kept();
      expect(Object.fromEntries(new URLSearchParams(chosen ?? ''))).toEqual({
        certainty: 'very_sure',
        labels: 'toaster,person',
      });

      await page.reload();
      await playsFor(page, 2, 60_000);
      await until(async () => (await rows(page).count()) >= 1, { what: 'a row', withinMs: 30_000 });
      expect(await kept()).toBe(chosen);
      for (const text of await rows(page).allInnerTexts()) expect(text).toContain('person');
      await page.getByRole('button', { name: /^Filter/ }).click();
      expect(await filter.getByRole('radio', { name: 'Very sure' }).isChecked()).toBe(true);
      expect(errors).toEqual([]);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });

  it('are exported as the API has them', async () => {
    const { stream, page, publisher, sessionId } = await crowd('Export');
    try {
      await publisher.stop();
      const { api } = server();
      // The end of the session: nothing is added any more.
      await page.getByRole('button', { name: 'Export the appearances' }).click();
      const save = async (name: string) => {
        const started = page.waitForEvent('download');
        await page.getByRole('menuitem', { name }).click();
        return readFile(await (await started).path(), 'utf8');
      };
      const json = pageOf(interval).parse(JSON.parse(await save('JSON of the session')));
      await page.getByRole('button', { name: 'Export the appearances' }).click();
      const csv = (await save('CSV of the session')).trim().split('\r\n');
      const listed = await api.get(
        `/api/streams/${stream.id}/intervals?session=${sessionId}&kind=appearance&limit=1000`,
      );
      const { items } = pageOf(interval).parse(await listed.json());
      expect(items.length).toBeGreaterThanOrEqual(5);
      expect(json.items).toEqual(items);
      const head = csv[0]!.split(',');
      const cells = csv.slice(1).map((line) => line.split(','));
      const column = (name: string) => cells.map((row) => row[head.indexOf(name)]);
      expect(column('id')).toEqual(items.map(({ id }: Interval) => id));
      expect(column('label')).toEqual(items.map(({ label }) => label));
      expect(column('fromMs').map(Number)).toEqual(items.map(({ fromMs }) => fromMs));
      expect(column('toMs').map(Number)).toEqual(items.map(({ toMs }) => toMs));
    } finally {
      await publisher.stop();
      await page.close();
    }
  });

  it('have their name at the box only where it fits; where it does not, when they are pointed at or their row has the focus', async () => {
    const { page, publisher } = await crowd('Names');
    try {
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      const rowOf = (trackId: number | null) => page.locator(`ma-appearance-rows [data-track="${trackId}"]`);
      // Of a long list, those rows are there that can be seen.
      const nameless = await until(
        async () => {
          for (const box of await drawn(page))
            if (box.text === null && (await rowOf(box.trackId).count()) > 0) return box;
          // The frame that was paused may be one that a busy machine did not analyse.
          await page.keyboard.press('ArrowLeft');
          return false;
        },
        { what: 'box without a name whose row can be seen', withinMs: 30_000, everyMs: 2000 },
      );
      for (const { text, rect } of await drawn(page)) if (text !== null) expect(rect.height).toBeGreaterThanOrEqual(13);
      const video = (await page.locator('video').boundingBox())!;
      const textOf = async () => (await drawn(page)).find(({ trackId }) => trackId === nameless.trackId)?.text ?? null;
      const { x, y, width, height } = nameless.rect;
      await page.mouse.move(video.x + x + width / 2, video.y + y + height / 2);
      await until(
        async () => (await drawn(page)).some(({ text }) => text?.includes('%') && text.includes(nameless.label)),
        {
          what: 'name at the box that is pointed at',
          withinMs: 5_000,
        },
      );
      await page.mouse.move(5, 5);
      await until(async () => (await textOf()) === null, { what: 'box without its name again', withinMs: 5_000 });
      await rowOf(nameless.trackId).focus();
      expect(await until(textOf, { what: 'name at the box whose row has the focus', withinMs: 5_000 })).toContain(
        nameless.label,
      );
    } finally {
      await publisher.stop();
      await page.close();
    }
  });

  it('are few where the model only flickers: raw detections stay in the API', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Raw' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const client = await LiveClient.subscribe(baseUrl, stream.id);
    try {
      await client.next('analysis', { withinMs: 60_000, accept: ({ ptsMs }) => ptsMs > 12_000 });
      const seen = client.of('analysis').flatMap(({ detections }) => detections);
      expect(seen.some(({ certainty }) => certainty === 'raw')).toBe(true);
      const list = async (certainty: string) =>
        pageOf(interval).parse(
          await (await api.get(`/api/streams/${stream.id}/intervals?limit=1000&certainty=${certainty}`)).json(),
        ).items;
      const sure = await until(
        async () => {
          const [all, shown] = [await list('raw'), await list('sure')];
          return all.length > shown.length && shown.some(({ label }) => label === 'person') && shown;
        },
        { what: 'tracks that are no appearances beside a person that is one', withinMs: 60_000, everyMs: 500 },
      );
      for (const { sureMs, fromMs } of sure) expect(sureMs).toBeGreaterThanOrEqual(fromMs);
      const stored = (await api.analyses(stream.id)).flatMap(({ detections }) => detections);
      expect(stored.some(({ certainty }) => certainty === 'raw')).toBe(true);
      expect(stored.every(({ certainty }) => certainty !== undefined)).toBe(true);
    } finally {
      await publisher.stop();
      client.close();
    }
  });
});
