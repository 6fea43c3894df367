import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { at, ensureInstalled, Refusal, ROOT, run, runBin } from './workspace.mjs';

/** Everything that the built dashboard depends on. */
const DASHBOARD_INPUTS = ['apps/dashboard', 'packages/protocol/src', 'package-lock.json', 'scripts/precompress.mjs'];
const NOT_INPUTS = new Set(['node_modules', 'dist', '.angular', 'coverage']);
const DASHBOARD_STAMP = at('apps', 'dashboard', 'dist', '.inputs');

/**
 * Brings the built product up to date: packages, server, dashboard. Cheap when nothing has changed.
 * @param {{ e2e?: boolean, dashboard?: boolean }} [options] `e2e` builds the end-to-end tests and the bench too.
 */
export async function build(options = {}) {
  await ensureInstalled();
  await buildTypeScript(['apps/server', ...(options.e2e ? ['e2e'] : [])]);
  if (options.dashboard !== false) await buildDashboard();
}

/** @param {string[]} projects */
async function buildTypeScript(projects) {
  // tsc keeps its own record of what is stale (`.tsbuildinfo`), references included.
  const code = await runBin('tsc', ['-b', ...projects]);
  if (code !== 0) throw new Refusal('The TypeScript build failed; see above.');
}

async function buildDashboard() {
  const wanted = hashFiles(DASHBOARD_INPUTS);
  if (existsSync(DASHBOARD_STAMP) && readFileSync(DASHBOARD_STAMP, 'utf8') === wanted) return;
  console.log('Building the dashboard …');
  const options = { cwd: at('apps', 'dashboard'), env: { NG_CLI_ANALYTICS: 'false' }, quiet: true };
  const built = await runBin('ng', ['build'], options);
  const code =
    built !== 0 ? built : await run(process.execPath, [at('scripts', 'precompress.mjs'), 'dist/browser'], options);
  if (code !== 0) throw new Refusal('The dashboard build failed; see above.');
  await mkdir(path.dirname(DASHBOARD_STAMP), { recursive: true });
  await writeFile(DASHBOARD_STAMP, wanted);
}

/**
 * Hash over names and contents, so that neither a checkout nor a touch makes something stale.
 * @param {string[]} inputs Files and folders, relative to the repository.
 */
export function hashFiles(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesUnder(at(input)))) {
    const content = readFileSync(file);
    hash.update(`${path.relative(ROOT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} entry
 * @returns {string[]}
 */
function filesUnder(entry) {
  if (!existsSync(entry)) return [];
  try {
    return readdirSync(entry, { withFileTypes: true })
      .filter((child) => !NOT_INPUTS.has(child.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((child) =>
        child.isDirectory() ? filesUnder(path.join(entry, child.name)) : [path.join(entry, child.name)],
      );
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return [entry];
    throw error;
  }
}
