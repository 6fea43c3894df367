import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Programs that run the scripts of a package.json; npm puts its command into its own process title. */
const RUNNER = /^(npm|npx|pnpm|pnpx|yarn)( |$)|[/\\](npm|npx)-cli\.js|[/\\](pnpm|yarn)(\.[cm]?js)?( |$)/;
const SHELLS = new Set(['sh', 'dash', 'ash', 'bash', 'zsh', 'ksh', 'busybox']);

/**
 * Tells whether the script runner that started this process is still there: npm, pnpm, yarn. One that was killed, or whose
 * terminal was closed, cannot pass anything on, and no shell between two runners does (`npx npm@10 start` has one).
 *
 * @returns {(() => boolean) | null} null: this process was started by hand or by a service manager, whose end is none of
 *   its business.
 */
export function scriptRunnerWatch() {
  if (process.env.npm_lifecycle_event === undefined) return null;
  const parent = process.ppid;
  const links = linksToRunner(parent);
  // A process whose parent is gone belongs to another one from then on, at once.
  return () => process.ppid === parent && links.every(({ pid, parent }) => readProcess(pid)?.parent === parent);
}

/**
 * Who started whom, from our parent up to the outermost runner: runners, and the shells that they run scripts with. Known
 * where there is a `/proc`; elsewhere our own parent has to do.
 *
 * @param {number} first
 */
function linksToRunner(first) {
  /** @type {{ pid: number, parent: number }[]} */
  const climbed = [];
  let known = 0;
  for (let pid = first; ; ) {
    const info = readProcess(pid);
    if (!info) break;
    if (RUNNER.test(info.command)) known = climbed.length;
    else if (!isScriptShell(info.command)) break;
    climbed.push({ pid, parent: info.parent });
    pid = info.parent;
  }
  return climbed.slice(0, known);
}

/** @param {string} command */
function isScriptShell(command) {
  const [program = '', flag] = command.split(' ');
  return SHELLS.has(path.basename(program)) && flag === '-c';
}

/** @param {number} pid @returns {{ parent: number, command: string } | null} null: it has ended, or there is no `/proc`. */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in parentheses and may contain any of them: fields are counted from the last one (proc(5)).
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return null;
    return {
      parent: Number(parent),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    };
  } catch {
    return null;
  }
}
