import { spawn } from 'node:child_process';
import process from 'node:process';
import { lifetime, signalExitCode } from './lifetime.mjs';
import { at, ROOT } from './workspace.mjs';

/**
 * A program for Node.
 * @typedef {object} Program
 * @property {string[]} args Flags of Node, the program's file, its arguments.
 * @property {string} [cwd]
 * @property {Record<string, string>} [env]
 */

/**
 * Runs programs in the foreground until one of them ends; then the others are asked to end too. Each wish that this process
 * should end is passed on to each, once. When this process is killed, they end in good order by themselves.
 *
 * The programs get process groups of their own: a terminal sends Ctrl+C to its whole foreground group, and they are to hear
 * of it from here alone.
 *
 * @param {Program[]} programs
 * @param {AbortSignal} [stop] Asks all programs to end.
 * @returns {Promise<number>} Exit code of the program that ended first; 128 + signal number when a signal ended it.
 */
export async function runForeground(programs, stop) {
  lifetime.check();
  const children = programs.map(({ args, cwd, env }) =>
    spawn(process.execPath, ['--import', at('scripts', 'lib', 'with-parent.mjs'), ...args], {
      cwd: cwd ?? ROOT,
      env: { ...process.env, ...env },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      detached: true,
    }),
  );
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  };
  const undo = lifetime.onStop(passOn);
  const onStop = () => passOn('SIGTERM');
  stop?.addEventListener('abort', onStop, { once: true });
  const ends = children.map(
    (child) =>
      /** @type {Promise<number>} */ (
        new Promise((resolve, reject) => {
          child.once('error', reject);
          child.once('exit', (code, signal) => resolve(code ?? signalExitCode(signal)));
        })
      ),
  );
  try {
    return await Promise.race(ends);
  } finally {
    if (!lifetime.ending) passOn('SIGTERM');
    await Promise.allSettled(ends);
    stop?.removeEventListener('abort', onStop);
    undo();
  }
}
