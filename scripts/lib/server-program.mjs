import { at } from './workspace.mjs';

/**
 * Flags of the Node that runs the server. They change nothing but CPU: with 1080p30 coming in, ingest and packaging take
 * 2.9 % of a core with them and 4.1 % without.
 *
 * Media pass through in short-lived buffers, which V8 counts against the limit of the old generation, and that limit is
 * small because the heap is (30 MB): it then collects everything each four seconds, with helper threads that cost more
 * than they help with so little to do.
 */
export const SERVER_FLAGS = ['--single-threaded-gc', '--initial-old-space-size=256', '--min-semi-space-size=16'];

/**
 * The built server as a foreground program.
 * @param {string[]} [args]
 * @returns {import('./foreground.mjs').Program}
 */
export const serverProgram = (args = []) => ({
  args: [...SERVER_FLAGS, at('apps', 'server', 'dist', 'main.js'), ...args],
});
