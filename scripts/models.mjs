#!/usr/bin/env node
/**
 * Shows and fetches model weights:
 *
 *     npm run models -- --list
 *     npm run models -- NAME...
 *
 * MODELS_DIR (default ./models/cache) is where they go, MODELS_MIRROR (a folder or base URL) is tried first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILT = join(ROOT, 'packages/vision/dist/models/index.js');
const USAGE = 'usage: npm run models -- --list | NAME...';

/** Makes the store from the built package; builds it when that was never done. */
async function openStore() {
  if (!existsSync(join(ROOT, 'node_modules'))) throw new Error('the dependencies are missing; run: npm install');
  if (!existsSync(BUILT)) {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const build = spawnSync(process.execPath, [compiler, '-b', 'packages/vision'], { cwd: ROOT, stdio: 'inherit' });
    if (build.status !== 0) throw new Error('packages/vision could not be built');
  }
  const { loadManifest, ModelStore } = await import(pathToFileURL(BUILT).href);
  const from = (path) => resolve(process.env.INIT_CWD ?? ROOT, path);
  const mirror = process.env.MODELS_MIRROR || null;
  return new ModelStore({
    manifest: await loadManifest(join(ROOT, 'models/manifest.json')),
    bundledDir: join(ROOT, 'models/bundled'),
    cacheDir: process.env.MODELS_DIR ? from(process.env.MODELS_DIR) : join(ROOT, 'models/cache'),
    mirror: mirror === null || /^(https?|file):/.test(mirror) ? mirror : from(mirror),
    log: (level, text, fields) => {
      if (level === 'warn') console.error(`${text}: ${fields?.source}: ${fields?.problem}`);
    },
  });
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function list(store) {
  const models = store.list();
  const width = Math.max(...models.map((model) => model.name.length));
  for (const { name, state, bytes, licence, title } of models) {
    console.log(`${name.padEnd(width)}  ${state.padEnd(8)}  ${megabytes(bytes).padStart(8)}  ${licence}  ${title}`);
  }
  for (const model of models) if (model.state !== 'ready' && !model.fetchable) bringYourOwn(model);
}

/** What to do for a model that has no public source. */
function bringYourOwn({ name, ownFiles }) {
  if (!ownFiles) return;
  console.log(`\n${name}: bring your own file. ${ownFiles.how}`);
  for (const { path, sha256, bytes } of ownFiles.files) console.log(`  ${path}\n  sha256 ${sha256}, ${bytes} bytes`);
}

async function fetchModel(store, name, signal) {
  const model = store.state(name);
  if (model.state !== 'ready' && !model.fetchable) {
    bringYourOwn(model);
    throw new Error(`${name} has no public source, and MODELS_MIRROR is not set`);
  }
  const bar = progressBar(name);
  const { path } = await store.fetch(name, { onProgress: bar.update, signal });
  bar.end();
  console.log(`${name}: verified, ${path}`);
}

/** One line that is drawn over on a terminal; every tenth of the way as a line of its own elsewhere. */
function progressBar(name) {
  const terminal = process.stderr.isTTY === true;
  let drawn = -1;
  return {
    update({ fetchedBytes, totalBytes, source }) {
      const part = fetchedBytes / totalBytes;
      const step = Math.floor(part * (terminal ? 200 : 10));
      if (step === drawn) return;
      drawn = step;
      const filled = Math.round(part * 30);
      const line = `${name} [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${(part * 100).toFixed(0).padStart(3)} % of ${megabytes(totalBytes)}`;
      process.stderr.write(terminal ? `\r${line}` : `${line} from ${source}\n`);
    },
    end() {
      if (terminal && drawn >= 0) process.stderr.write('\n');
    },
  };
}

async function main(names) {
  if (names.length === 0 || names.some((name) => name.startsWith('-') && name !== '--list')) {
    console.error(USAGE);
    return 2;
  }
  const store = await openStore();
  if (names.includes('--list')) {
    list(store);
    return 0;
  }
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort(new Error('interrupted; the next call goes on from here')));
  for (const name of names) await fetchModel(store, name, abort.signal);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
