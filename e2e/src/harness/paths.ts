import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. The same from `src` and from `dist`. */
export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** The built server: what users run. */
export const SERVER_PROGRAM = path.join(REPOSITORY, 'apps/server/dist/main.js');

/** The clip of `npm run demo`. */
export const DEMO_CLIP = path.join(REPOSITORY, 'assets/demo/woman-dog-ball.mp4');

/** Made clips are kept here between runs; named after what they are made of. */
export const CLIP_CACHE = path.join(REPOSITORY, 'e2e/out/clips');

/**
 * A file of the folder with real media (`TEST_MEDIA`, by default beside the repository).
 * @param name relative path, `video/woman_dog_ball_720p30.mp4`
 */
export const testMedia = (name: string): string =>
  path.join(process.env.TEST_MEDIA ?? path.join(REPOSITORY, '../shared/media'), name);

/** A new empty folder of the test's own; `remove` deletes it. */
export async function makeTemporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `media-analyzer-${name}-`));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Names a folder as a server's first start leaves it; unset outside of the tests (the bench starts from nothing). */
export const FRESH_DATA = 'MEDIA_ANALYZER_FRESH_DATA';

/** A data folder of the test's own in which, where there is one to copy, a server has been started before. */
export async function makeDataFolder(name: string): ReturnType<typeof makeTemporaryFolder> {
  const folder = await makeTemporaryFolder(name);
  const fresh = process.env[FRESH_DATA];
  if (fresh) await cp(fresh, folder.path, { recursive: true });
  return folder;
}
