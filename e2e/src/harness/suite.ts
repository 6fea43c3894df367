import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, onTestFailed } from 'vitest';
import { openBrowser } from './browser.js';
import { type ServerOptions, TestServer } from './server.js';

/**
 * One server for all tests of a file; a second try of a test has one of its own, without what the first left behind. Its log stands
 * in the output of a test that fails.
 *
 * @param prepared the tests look at what was put on the server before them, which another one would not have: it stays
 */
export function sharedServer(options: ServerOptions = {}, { prepared = false } = {}): () => TestServer {
  // Tests that run side by side still use the first one when another is started.
  const servers: TestServer[] = [];
  const start = async (): Promise<void> => void servers.push(await TestServer.start(options));
  beforeAll(start);
  beforeEach(async ({ task }) => {
    if (!prepared && (task.result?.retryCount ?? 0) > 0) await start();
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  return () => {
    const server = servers.at(-1);
    if (!server) throw new Error('the server is started by beforeAll');
    showLogOnFailure(server);
    return server;
  };
}

/** One browser for all tests of a file. @param args of Chromium, beside the usual ones */
export function sharedBrowser(args: readonly string[] = []): () => Browser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    browser = await openBrowser(args);
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error('the browser is started by beforeAll');
    return browser;
  };
}

/** Prints the end of a server's log when the running test fails. */
export function showLogOnFailure(server: TestServer): void {
  try {
    onTestFailed(() => console.error(`--- end of the server's log ---\n${server.child.tail(60)}`));
  } catch {
    // Outside of a test (a hook) there is nothing to attach to.
  }
}
