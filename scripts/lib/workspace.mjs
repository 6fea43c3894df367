import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { lifetime, Stopped } from './lifetime.mjs';

/** Absolute path of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/** Written into `node_modules` when an install has finished: hash of what was installed. */
const INSTALL_STAMP = path.join(ROOT, 'node_modules', '.media-analyzer-install');

/** Neither postinstall fetches anything that the product uses: CUDA libraries, and an ffmpeg program. */
const INSTALL_ENVIRONMENT = { ONNXRUNTIME_NODE_INSTALL: 'skip', SKIP_FFMPEG: 'true' };

/** A failure that the user can act on: printed without a stack. */
export class Refusal extends Error {}

/**
 * Absolute path inside the repository.
 * @param {...string} parts
 */
export const at = (...parts) => path.join(ROOT, ...parts);

/**
 * Runs the body of a command: prints a refusal as one line and exits with 1, lets other errors show their stack. A signal
 * ends the step that runs, and with it the command.
 * @param {() => Promise<number | void>} body Its number, if any, becomes the exit code.
 */
export async function main(body) {
  try {
    requireNode();
    lifetime.open();
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (error instanceof Stopped) {
      process.exitCode = error.exitCode;
      return;
    }
    if (!(error instanceof Refusal)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** @throws {Refusal} when this Node is older than `engines` in package.json allows. */
export function requireNode() {
  const { engines } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const wanted = engines.node.replace('>=', '');
  if (compareVersions(process.versions.node, wanted) >= 0) return;
  throw new Refusal(
    `Media Analyzer needs Node ${wanted} or newer; this is Node ${process.versions.node} (${process.execPath}).`,
  );
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number} Negative when `a` is older, 0 when equal, positive when newer.
 */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Runs a program in the repository with this terminal's streams.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, quiet?: boolean }} [options] `quiet` shows the output only when
 *   the program fails.
 * @returns {Promise<number>} Its exit code (128 + signal number is not told apart: 1).
 * @throws {Stopped} when this process was asked to end; the program was asked too, and has ended.
 */
export async function run(command, args, options = {}) {
  lifetime.check();
  const code = await runToEnd(command, args, options);
  lifetime.check();
  return code;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NonNullable<Parameters<typeof run>[2]>} options
 * @returns {Promise<number>}
 */
function runToEnd(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    const undo = lifetime.onStop((signal) => child.kill(signal));
    /** @type {Buffer[]} */
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      undo();
      if (code !== 0 && output.length > 0 && !lifetime.ending) process.stderr.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

/**
 * Runs a program of an installed package (`node_modules/.bin`) without npm in between.
 * @param {string} name
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export const runBin = (name, args, options) => run(at('node_modules', '.bin', name), args, options);

/** Installs the packages when they are missing or when package-lock.json has changed since. */
export async function ensureInstalled() {
  const wanted = installHash();
  if (existsSync(INSTALL_STAMP) && readFileSync(INSTALL_STAMP, 'utf8') === wanted) return;
  const fresh = !existsSync(at('node_modules'));
  console.log(fresh ? 'Installing packages (once; about a minute) …' : 'Packages changed: installing …');
  // `npm ci` deletes what is there: right for a fresh clone, needlessly slow (and rough on running processes) later.
  const args = [fresh ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await run(npmCommand(), args, { env: INSTALL_ENVIRONMENT });
  if (code !== 0) {
    throw new Refusal(`npm ${args[0]} failed (exit code ${code}); see above. Is the npm registry reachable?`);
  }
  await writeFile(INSTALL_STAMP, installHash());
}

/** `npm` on this platform. */
export const npmCommand = () => (process.platform === 'win32' ? 'npm.cmd' : 'npm');

function installHash() {
  return createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
}

/** True on a build machine: what is missing there is a failure, never a skip. */
export const inCi = () => Boolean(process.env.CI) && process.env.CI !== 'false';
