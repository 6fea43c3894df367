import process from 'node:process';
import { FRESH_DATA, makeTemporaryFolder } from './paths.js';
import { TestServer } from './server.js';

/**
 * Run once before all end-to-end tests: makes the data folder that `makeDataFolder` copies. Making the embedded database costs ten
 * seconds of CPU, and nearly every test needs one.
 */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await makeTemporaryFolder('fresh-data');
  const server = await TestServer.start({ dataDir: folder.path });
  await server.stop();
  process.env[FRESH_DATA] = folder.path;
  return folder.remove;
}
