import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

export interface TestFolder {
  readonly path: string;
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<TestFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'media-analyzer-test-'));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A file system of its own with so much room. Needs the right to mount. */
export async function makeSmallDisk(bytes: number): Promise<TestFolder> {
  const folder = await makeFolder();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder.path]);
  return {
    path: folder.path,
    async remove() {
      // Lazily: a thread that is about to end may hold a file.
      await run('umount', ['-l', folder.path]);
      await folder.remove();
    },
  };
}

const mountProblem = await makeSmallDisk(1_000_000).then(
  async (disk) => disk.remove().then(() => null),
  (error: unknown) => (error instanceof Error ? error.message.trim() : String(error)),
);

/** A test that needs a real full disk: skipped where nothing can be mounted, a failure in CI. */
export function itWithSmallDisk(title: string, test: () => Promise<void>, timeoutMs?: number): void {
  if (mountProblem === null) it(title, test, timeoutMs);
  else if (process.env.CI) it(title, () => expect.fail(`no file system can be mounted here: ${mountProblem}`));
  else it.skip(`${title} (needs the right to mount: ${mountProblem})`, () => {});
}
