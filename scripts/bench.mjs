/** `npm run bench [-- ROW ...]`: builds, measures, prints a table and writes JSON to bench/out. `--help` lists the rows. */
import process from 'node:process';
import { build } from './lib/build.mjs';
import { at, main, run } from './lib/workspace.mjs';

await main(async () => {
  await build({ e2e: true });
  return await run(process.execPath, [at('e2e', 'dist', 'bench', 'main.js'), ...process.argv.slice(2)]);
});
