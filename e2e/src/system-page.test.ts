import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { LiveClient } from './harness/live-client.js';
import { makeTemporaryFolder, REPOSITORY } from './harness/paths.js';
import { findDescendant } from './harness/process-tree.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { TestServer } from './harness/server.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

/** A second model beside the bundled one: the weights that the tests are given. */
const MODELS = process.env.MODELS_MIRROR ?? `${REPOSITORY}/../shared/models`;
// On a machine that is busy with other tests, what comes late is still an answer.
const server = sharedServer({ env: { MODELS_DIR: MODELS, FRAME_DEADLINE_MS: '5000' } });
const browser = sharedBrowser();

describe('the System page', () => {
  it('has another model used while a stream is watched, which plays on', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Switch' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const client = await LiveClient.subscribe(baseUrl, stream.id);
    const viewer = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    const operator = await openPage(browser(), `${baseUrl}/system`);
    try {
      await client.next('analysis', { withinMs: 60_000, accept: ({ model }) => model === 'yolox-nano' });
      await playsFor(viewer.page, 3, 60_000);
      await viewer.page.evaluate(() => {
        const interrupted: string[] = [];
        (window as Window & { interrupted?: string[] }).interrupted = interrupted;
        for (const event of ['pause', 'emptied', 'error'])
          document.querySelector('video')?.addEventListener(event, () => interrupted.push(event));
      });
      const sessionId = (await api.stream(stream.id)).session?.id;
      const changed = client.next('analysis', { withinMs: 60_000, accept: ({ model }) => model === 'deimv2-atto' });
      await operator.page.getByRole('button', { name: /^Use DEIMv2 atto/ }).click();
      await changed;
      const inUse = operator.page.locator('.models li', { hasText: 'deimv2-atto' });
      await inUse.getByText('In use').waitFor();
      await inUse.getByText(/ms per picture here/).waitFor();
      await playsFor(viewer.page, 3, 30_000);
      const interrupted = () =>
        viewer.page.evaluate(() => (window as Window & { interrupted?: string[] }).interrupted ?? ['not watched']);
      expect(await interrupted()).toEqual([]);
      expect(await playbackState(viewer.page)).toMatchObject({ error: null });
      expect(await api.stream(stream.id)).toMatchObject({ state: 'live', session: { id: sessionId, gaps: [] } });
      expect([...viewer.errors, ...operator.errors]).toEqual([]);
    } finally {
      await publisher.stop();
      client.close();
      await Promise.all([viewer.page.close(), operator.page.close()]);
    }
  });

  it('shows every process with what it uses, and keeps in the history that one died', async () => {
    const { api, baseUrl, pid } = server();
    const stream = await api.createStream({ name: 'Loaded' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const { page, errors } = await openPage(browser(), `${baseUrl}/system`);
    try {
      const row = (name: RegExp) => page.locator('ma-processes tbody tr', { hasText: name });
      for (const name of [/^Server/, /^Vision/, /^Media.*Loaded/])
        await row(name)
          .getByText(/\d\.\d\d cores/)
          .waitFor();
      await row(/^Media.*Loaded/)
        .getByText(/\d MB/)
        .waitFor();
      const load = page.locator('ma-stream-loads tbody tr', { hasText: 'Loaded' });
      await load.getByText(/bit\/s/).waitFor();
      await load.getByText(/^(Good|Fair)$/).waitFor();

      const victim = await until(() => findDescendant(pid, 'packages/vision/dist/process/main.js'), {
        what: 'vision process',
        withinMs: 10_000,
      });
      process.kill(victim.pid, 'SIGKILL');
      await page.locator('ma-notice-list li', { hasText: 'signal SIGKILL' }).getByText('over').waitFor();
      await row(/^Vision/)
        .getByRole('cell', { name: '1', exact: true })
        .waitFor();
      expect(errors).toEqual([]);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });
});

describe('a model that nobody offers for download', () => {
  it('is brought as a file where the System page says, and then used', async () => {
    const folder = await makeTemporaryFolder('models');
    const bare = await TestServer.start({ env: { MODELS_DIR: folder.path, MODELS_MIRROR: undefined } });
    const { page, errors } = await openPage(browser(), `${bare.baseUrl}/system`);
    try {
      const model = page.locator('.models li', { hasText: 'nanodet-plus' });
      await model.getByText('Bring your own file').click();
      const target = (await model.locator('dd code').first().textContent()) ?? '';
      expect(path.dirname(target)).toContain(folder.path);

      await model.getByRole('button', { name: 'Look again' }).click();
      await model.getByRole('alert').getByText(path.basename(target)).waitFor();

      await mkdir(path.dirname(target), { recursive: true });
      await copyFile(path.join(MODELS, 'nanodet-plus-m-1.5x-416', path.basename(target)), target);
      await model.getByRole('button', { name: 'Look again' }).click();
      await model.getByRole('button', { name: /^Use NanoDet/ }).click();
      await model.getByText('In use').waitFor({ timeout: 60_000 });
      expect(errors).toEqual([]);
    } finally {
      await page.close();
      await bare.stop();
      await folder.remove();
    }
  });
});

describe('the page of streams', () => {
  it('says what is seen, how each stream is, and moves where the pointer rests, without asking in vain', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'Seen' });
    await api.createStream({ name: 'Before it' });
    const { page, errors } = await openPage(browser(), `${baseUrl}/streams`);
    const missed: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 404) missed.push(response.url());
    });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    try {
      const row = page.locator('tbody tr', { has: page.locator(`a[href="/streams/${stream.id}"]`) });
      const preview = row.locator('video');
      const moves = () =>
        preview.evaluate(
          (video: HTMLVideoElement) =>
            video.currentTime > 0 ||
            new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true })),
        );
      await row.getByText(/person \d/).waitFor({ timeout: 60_000 });
      await row.getByText(/^(Good|Fair)$/).waitFor();
      await row.getByText(/bit\/s/).waitFor();
      await row.locator('img').waitFor();
      await page.getByRole('combobox').selectOption('name');
      await row.hover();
      await moves();
      // The row goes from under the pointer, which stays where it is.
      await page.getByRole('combobox').selectOption('activity');
      await preview.waitFor({ state: 'detached', timeout: 20_000 });
      await row.hover();
      await moves();
      await page.mouse.move(0, 0);
      await preview.waitFor({ state: 'detached', timeout: 20_000 });
      expect([missed, errors]).toEqual([[], []]);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });
});
