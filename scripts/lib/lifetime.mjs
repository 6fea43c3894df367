import process from 'node:process';
import { scriptRunnerWatch } from './script-runner.mjs';

/** Ends a command from outside: a signal, or the end of who started it. */
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * One wish to end can arrive on several ways at once: a terminal signals its whole group, npm passes on what it got
 * itself, systemd signals the whole control group. Within this time they are one wish, ms; a person who insists takes longer.
 */
export const SAME_WISH_MS = 1000;
/** How often is looked whether the script runner still lives, ms. */
const RUNNER_EVERY_MS = 500;

/** @typedef {'SIGINT' | 'SIGTERM' | 'SIGHUP'} StopSignal */

/** The command was asked to end while a step of it ran: no failure, nothing to explain. */
export class Stopped extends Error {
  /** @param {StopSignal} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    /** As shells tell of a signal. */
    this.exitCode = signalExitCode(signal);
  }
}

/** @param {NodeJS.Signals | null} signal @returns {number} 128 + number of the signal */
export const signalExitCode = (signal) =>
  128 + (SIGNAL_NUMBERS[/** @type {keyof typeof SIGNAL_NUMBERS} */ (signal)] ?? 0);

/**
 * When this command has to end. There is one for the process; `main` opens it.
 *
 * Who listens gets each wish once: the first, and later ones of somebody who insists.
 */
class Lifetime {
  /** @type {StopSignal | null} */
  #asked = null;
  #askedAt = 0;
  /** @type {Set<(signal: StopSignal) => void>} */
  #listeners = new Set();

  /** Throws when the end was asked for. @throws {Stopped} */
  check() {
    if (this.#asked) throw new Stopped(this.#asked);
  }

  /** True when the end was asked for. */
  get ending() {
    return this.#asked !== null;
  }

  /**
   * @param {(signal: StopSignal) => void} listener Also called, at once, when the end was asked for before.
   * @returns {() => void} Its undo.
   */
  onStop(listener) {
    this.#listeners.add(listener);
    if (this.#asked) listener(this.#asked);
    return () => this.#listeners.delete(listener);
  }

  /** @param {StopSignal} signal */
  stop(signal) {
    const now = performance.now();
    if (this.#asked && now - this.#askedAt < SAME_WISH_MS) return;
    this.#asked = signal;
    this.#askedAt = now;
    for (const listener of [...this.#listeners]) listener(signal);
  }

  /** Listens to signals, and to the end of the script runner that started this process. */
  open() {
    for (const signal of SIGNALS) process.on(signal, () => this.stop(signal));
    // Whoever read the output may be gone before us: a closed terminal, the other end of a pipe. That ends no work here.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    const runnerLives = scriptRunnerWatch();
    if (!runnerLives) return;
    setInterval(() => {
      if (!this.ending && !runnerLives()) this.stop('SIGTERM');
    }, RUNNER_EVERY_MS).unref();
  }
}

export const lifetime = new Lifetime();
