/** `npm start`: installs what is missing, builds what is stale, runs the server. Arguments go to the server. */
import process from 'node:process';
import { build } from './lib/build.mjs';
import { runForeground } from './lib/foreground.mjs';
import { at, main } from './lib/workspace.mjs';

await main(async () => {
  await build();
  return await runForeground([
    { command: process.execPath, args: [at('apps', 'server', 'dist', 'main.js'), ...process.argv.slice(2)] },
  ]);
});
