import { appendFile, mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { CLIP_CACHE } from '../harness/paths.js';
import type { Viewer } from './viewer.js';

const PICTURES = path.join(path.dirname(CLIP_CACHE), 'matrix');
/** Of each page's log of its player this many entries are of interest: what it did about the change. */
const LOG_ENTRIES = 25;

/** How long the parts of a change took. */
export class Stopwatch {
  private readonly startedAt = performance.now();
  private lapAt = this.startedAt;
  private readonly laps: string[] = [];

  get totalMs(): number {
    return performance.now() - this.startedAt;
  }

  lap(name: string): void {
    const now = performance.now();
    this.laps.push(`${name} ${((now - this.lapAt) / 1000).toFixed(1)}`);
    this.lapAt = now;
  }

  toString(): string {
    return `${(this.totalMs / 1000).toFixed(1)} s (${this.laps.join(', ')})`;
  }
}

/** Waits for all viewers. @returns which of them took longest, with the time; @throws Error that says of each viewer what was seen, when one of them failed */
export async function forAll(viewers: readonly Viewer[], run: (viewer: Viewer) => Promise<void>): Promise<string> {
  const startedAt = performance.now();
  let slowest = '';
  const results = await Promise.allSettled(
    viewers.map(async (viewer) => {
      await run(viewer);
      slowest = `${viewer.kind} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    }),
  );
  const failed = results.map((result) => (result.status === 'rejected' ? String(result.reason) : null));
  if (failed.every((reason) => reason === null)) return slowest;
  const told = await Promise.all(viewers.map((viewer, i) => describe(viewer, failed[i] ?? null)));
  const text = `of ${viewers.length} viewers ${failed.filter(Boolean).length} failed; load ${load()}\n${told.join('\n')}`;
  // At once: the runner tells it when the last change is through, a quarter of an hour later.
  process.stderr.write(`${text}\n`);
  throw new Error(text);
}

/** What a change was like. `standMs`: how long the picture stood at most for whoever watched. */
export interface Note {
  readonly name: string;
  readonly passed: boolean;
  readonly time: Stopwatch;
  readonly standMs: number;
}

/** Prints a line about a change, and appends it to the file that `npm run test:matrix` sums up. */
export async function note({ name, passed, time, standMs }: Note): Promise<void> {
  const stood = `the picture stood for ${(standMs / 1000).toFixed(1)} s`;
  process.stderr.write(
    `${passed ? 'passed' : 'FAILED'} ${name}: ${time}; ${passed ? `${stood}; ` : ''}load ${load()}\n`,
  );
  const file = process.env.MATRIX_REPORT;
  const line = { name, passed, ms: Math.round(time.totalMs), standMs: Math.round(standMs) };
  if (file) await appendFile(file, `${JSON.stringify(line)}\n`);
}

async function describe(viewer: Viewer, failure: string | null): Promise<string> {
  const head = `${failure === null ? 'as expected' : 'FAILED'}: viewer ${viewer.kind}`;
  if (failure === null) return head;
  try {
    const shown = await viewer.shown();
    const log = await viewer.playerLog();
    await mkdir(PICTURES, { recursive: true });
    const picture = path.join(PICTURES, `${viewer.kind.replaceAll(' ', '-')}-${Date.now()}.png`);
    await viewer.page.screenshot({ path: picture });
    return [
      head,
      `  ${failure}`,
      `  shown: ${JSON.stringify(shown)}`,
      `  picture: ${picture}`,
      ...log.slice(-LOG_ENTRIES).map((line) => `  ${line}`),
    ].join('\n');
  } catch (error) {
    return `${head}\n  ${failure}\n  and the page does not answer: ${String(error)}`;
  }
}

/** Processes that want a core, over the last minute: far above the number of cores, times say little. */
function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
