/** `npm run test:obs`: OBS Studio under a virtual screen publishes a clip; prints what a browser and the models saw. */
import process from 'node:process';
import { build } from './lib/build.mjs';
import { at, main, run } from './lib/workspace.mjs';

await main(async () => {
  await build({ e2e: true });
  return await run(process.execPath, [at('e2e', 'dist', 'obs', 'main.js')]);
});
