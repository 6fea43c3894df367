import { spawn } from 'node:child_process';
import process from 'node:process';
import { ROOT } from './workspace.mjs';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @typedef {object} Program
 * @property {string} command
 * @property {string[]} args
 * @property {string} [cwd]
 * @property {Record<string, string>} [env]
 */

/**
 * Runs programs in the foreground until one of them ends; then the others are asked to end too. A signal to this process
 * is passed on once to each.
 *
 * The programs get process groups of their own: a terminal sends Ctrl+C to its whole foreground group, and a server that
 * received it both from the terminal and from here would take the second one for "quit at once".
 *
 * @param {Program[]} programs
 * @param {AbortSignal} [stop] Asks all programs to end.
 * @returns {Promise<number>} Exit code of the program that ended first; 128 + signal number when a signal ended it.
 */
export async function runForeground(programs, stop) {
  const children = programs.map(({ command, args, cwd, env }) =>
    spawn(command, args, { cwd: cwd ?? ROOT, env: { ...process.env, ...env }, stdio: 'inherit', detached: true }),
  );
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  const onStop = () => passOn('SIGTERM');
  stop?.addEventListener('abort', onStop, { once: true });
  const ends = children.map(
    (child) =>
      /** @type {Promise<number>} */ (
        new Promise((resolve, reject) => {
          child.once('error', reject);
          child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
        })
      ),
  );
  try {
    return await Promise.race(ends);
  } finally {
    passOn('SIGTERM');
    await Promise.allSettled(ends);
    stop?.removeEventListener('abort', onStop);
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
}

/** @param {NodeJS.Signals | null} signal */
function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[String(signal)] ?? 0;
}
