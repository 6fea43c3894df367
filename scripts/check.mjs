/**
 * `npm run check`: everything that a machine can judge about the code without running it. Each step is also a command of
 * its own (`npm run check -- imports docs`). CI runs exactly this.
 */
import process from 'node:process';
import { checkConventions } from './check/conventions.mjs';
import { checkDocblocks } from './check/docblocks.mjs';
import { checkDocs } from './check/docs.mjs';
import { checkLength } from './check/length.mjs';
import { checkLicences } from './check/licences.mjs';
import { ensureInstalled, main, Refusal, runBin } from './lib/workspace.mjs';

/** @type {Record<string, () => number | Promise<number>>} Each returns how many problems it found, or an exit code. */
const STEPS = {
  style: () => runBin('biome', ['ci', '--error-on-warnings', '.']),
  // The dashboard with its templates is none of tsc's projects: Angular's compiler judges it.
  types: async () =>
    (await runBin('tsc', ['-b'])) || (await runBin('ngc', ['-p', 'apps/dashboard/tsconfig.app.json', '--noEmit'])),
  imports: () => runBin('depcruise', ['--config', '.dependency-cruiser.cjs', 'packages', 'apps', 'e2e']),
  length: checkLength,
  docblocks: checkDocblocks,
  conventions: checkConventions,
  docs: checkDocs,
  // Reads the code with compilers, which a fresh checkout has only once it is installed.
  translations: async () => (await import('./check/translations.mjs')).checkTranslations(),
  licences: () => checkLicences({ write: process.argv.includes('--write') }),
};

await main(async () => {
  const chosen = process.argv.slice(2).filter((name) => name !== '--write');
  const unknown = chosen.filter((name) => !(name in STEPS));
  if (unknown.length > 0)
    throw new Refusal(`No check is called ${unknown.join(', ')}; there are: ${Object.keys(STEPS).join(', ')}`);
  await ensureInstalled();

  const failed = [];
  for (const [name, step] of Object.entries(STEPS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.log(`\n— ${name}`);
    if ((await step()) !== 0) failed.push(name);
  }
  console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}` : '\nAll checks passed.');
  return failed.length > 0 ? 1 : 0;
});
