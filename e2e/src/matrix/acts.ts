import { findDescendant } from '../harness/process-tree.js';
import type { TestServer } from '../harness/server.js';
import { until } from '../harness/wait.js';
import { LoopEncoder, type Programme } from './encoder.js';
import type { Viewer } from './viewer.js';

/** What a change can do: something to encoder, server or network. */
export interface Scene {
  readonly streamId: string;
  readonly ingestUrl: string;
  readonly viewers: readonly Viewer[];
  readonly server: TestServer;
  encoder: LoopEncoder;
  /** Kills the server and starts it again, with the same ports and data. */
  restartServer(): Promise<void>;
}

/** A second is enough for a server to notice, and shorter than the reconnect window of these tests. */
const SHORT_BREAK_MS = 700;

/** Lets time pass that is part of what happens. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The encoder ends in good order and comes back with this before its session is over. */
export async function restartEncoder(scene: Scene, programme: Programme, breakMs = SHORT_BREAK_MS): Promise<void> {
  await scene.encoder.stop();
  await pause(breakMs);
  scene.encoder = await LoopEncoder.start(scene.ingestUrl, programme);
}

/** Nobody has a network for some time. */
export async function offline({ viewers }: Scene, ms: number): Promise<void> {
  await Promise.all(viewers.map(({ context }) => context.setOffline(true)));
  await pause(ms);
  await Promise.all(viewers.map(({ context }) => context.setOffline(false)));
}

/**
 * All machines sleep for some time: the browser's processes stand still, and what is sent to them waits. Freezing a page by the
 * DevTools protocol does nothing to one that is visible.
 */
export async function sleep({ viewers }: Scene, ms: number): Promise<void> {
  const cdp = await viewers[0]!.context.browser()!.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  const pids = processInfo.filter(({ type }) => type !== 'browser').map(({ id }) => id);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await pause(ms);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

/** The encoder goes, its session ends, and it comes with this. */
export async function nextSession(scene: Scene, programme: Programme): Promise<void> {
  await scene.encoder.stop();
  await scene.server.api.inState(scene.streamId, 'ended', 20_000);
  scene.encoder = await LoopEncoder.start(scene.ingestUrl, programme);
}

/** Answers requests of all pages that match with a status, for some time. */
export async function refuse({ viewers }: Scene, pattern: RegExp, status: number, ms: number): Promise<void> {
  await Promise.all(
    viewers.map(({ page }) => page.route(pattern, (route) => route.fulfill({ status, body: 'refused' }))),
  );
  await pause(ms);
  await answerNoMore(viewers);
}

/** Damages the next media files that each page gets: a decoder that reads them fails. */
export async function damage({ viewers }: Scene, files: number): Promise<void> {
  const pattern = /\/(?:part|seg)-[^/]*\.m4s$/;
  await Promise.all(
    viewers.map(async ({ page }) => {
      let left = files;
      await page.route(pattern, async (route) => {
        if (left-- <= 0) return route.fallback();
        const response = await route.fetch().catch(() => null);
        if (!response?.ok()) return route.fallback();
        const body = await response.body();
        // Lengths of NAL units that lead nowhere: the container is whole, the pictures are not.
        const mdat = body.lastIndexOf('mdat');
        body.fill(0xff, mdat + 4, Math.min(body.length, mdat + 400));
        return route.fulfill({ response, body });
      });
    }),
  );
  await pause(3000);
  await answerNoMore(viewers);
}

/** Kills a child process of the server, and waits for the one that takes its place. */
export async function killProcess({ server }: Scene, program: string): Promise<void> {
  const find = () => findDescendant(server.pid, program);
  const victim = await until(find, { what: program, withinMs: 10_000 });
  process.kill(victim.pid, 'SIGKILL');
  await until(() => find()?.pid !== victim.pid && find(), { what: `another ${program}`, withinMs: 20_000 });
}

/** Requests go to the server again; what is being answered is answered to the end. */
async function answerNoMore(viewers: Scene['viewers']): Promise<void> {
  await Promise.all(viewers.map(({ page }) => page.unrouteAll({ behavior: 'wait' })));
}
