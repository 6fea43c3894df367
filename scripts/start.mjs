/** `npm start`: installs what is missing, builds what is stale, runs the server. Arguments go to the server. */
import process from 'node:process';
import { build } from './lib/build.mjs';
import { runForeground } from './lib/foreground.mjs';
import { serverProgram } from './lib/server-program.mjs';
import { main } from './lib/workspace.mjs';

await main(async () => {
  await build();
  return await runForeground([serverProgram(process.argv.slice(2))]);
});
