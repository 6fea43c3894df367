import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks per second (`getconf CLK_TCK`): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** One process of a tree, as `/proc` has it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** CPU seconds, user and system, of the process and of its children that have ended. */
  readonly cpuSeconds: number;
  /** Of these, in the kernel. */
  readonly systemSeconds: number;
  readonly residentBytes: number;
}

/** A process and all of its descendants, parents first. Empty when it has ended. */
export function processTree(root: number): ProcessInfo[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const byParent = groupByParent(all);
  const collect = (info: ProcessInfo): ProcessInfo[] => [info, ...(byParent.get(info.pid) ?? []).flatMap(collect)];
  return all.filter((info) => info.pid === root).flatMap(collect);
}

/** CPU seconds of a whole tree so far, ended children included. */
export const treeCpuSeconds = (root: number): number =>
  processTree(root).reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);

/** CPU seconds of a whole tree so far that were spent in the kernel. */
export const treeSystemSeconds = (root: number): number =>
  processTree(root).reduce((total, { systemSeconds }) => total + systemSeconds, 0);

/** Resident and proportional memory of a whole tree, bytes. Proportional counts a shared page once. */
export function treeMemory(root: number): { residentBytes: number; proportionalBytes: number } {
  const tree = processTree(root);
  return {
    residentBytes: tree.reduce((total, { residentBytes }) => total + residentBytes, 0),
    proportionalBytes: tree.reduce((total, { pid }) => total + proportionalBytes(pid), 0),
  };
}

/** The descendant of `root` whose command line contains `part`. */
export const findDescendant = (root: number, part: string): ProcessInfo | undefined =>
  processTree(root).find(({ pid, command }) => pid !== root && command.includes(part));

function readProcess(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may contain spaces: fields are counted from the last one (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number);
    return {
      pid,
      parent: Number(fields[1]),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      cpuSeconds: (user + system + endedUser + endedSystem) / TICKS_PER_SECOND,
      systemSeconds: (system + endedSystem) / TICKS_PER_SECOND,
      residentBytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    // It ended between listing and reading.
    return null;
  }
}

function proportionalBytes(pid: number): number {
  try {
    const match = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+) kB/m);
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function groupByParent(all: readonly ProcessInfo[]): Map<number, ProcessInfo[]> {
  const groups = new Map<number, ProcessInfo[]>();
  for (const info of all) groups.set(info.parent, [...(groups.get(info.parent) ?? []), info]);
  return groups;
}
