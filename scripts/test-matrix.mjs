/**
 * `npm run test:matrix [-- --repeat N] [--only PATTERN] [--side-by-side N]`: every change of the viewers' matrix in a real browser,
 * N times. Says after each run what it was, and stops at nothing: one failure in twenty is what it is there to find. At the end a
 * table of all changes: how often each was made, how often it failed, how long it took, how long the picture stood.
 *
 * Many changes are long waits (a network that is gone for 20 s). `--side-by-side 2` makes two halves of them at once, each with a
 * server, a browser and four viewers of its own: a run is shorter, and the machine busier.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { main, Refusal, runBin } from './lib/workspace.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      repeat: { type: 'string', default: '1' },
      only: { type: 'string' },
      'side-by-side': { type: 'string', default: '1' },
    },
  });
  const count = (/** @type {'repeat' | 'side-by-side'} */ name) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new Refusal(`--${name} is "${values[name]}", must be a whole number from 1`);
  };
  const [repeat, shares] = [count('repeat'), count('side-by-side')];
  await build({ e2e: true });
  const folder = await mkdtemp(path.join(tmpdir(), 'media-analyzer-matrix-'));
  const report = path.join(folder, 'changes.jsonl');
  let failed = 0;
  let inARow = 0;
  try {
    for (let run = 1; run <= repeat; run++) {
      const startedAt = Date.now();
      const codes = await Promise.all(
        Array.from({ length: shares }, (_, i) =>
          // Of few changes the first part has one, if any has the name that was asked for; others may have none.
          runBin('vitest', ['run', '--project', 'e2e', 'viewer-matrix', ...(i > 0 ? ['--passWithNoTests'] : [])], {
            env: {
              ...{ MATRIX: 'all', MATRIX_REPORT: report, MATRIX_SHARE: `${i + 1}/${shares}` },
              ...(values.only && { MATRIX_ONLY: values.only }),
            },
          }),
        ),
      );
      const passed = codes.every((code) => code === 0);
      if (!passed) failed++;
      inARow = passed ? inARow + 1 : 0;
      const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
      console.log(
        `\nRun ${run} of ${repeat} ${passed ? 'passed' : 'FAILED'} in ${minutes} min; ${run - failed} passed, ${failed} failed so far, ${inARow} passed in a row.`,
      );
    }
    console.log(`\n${table(await readFile(report, 'utf8').catch(() => ''))}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
});

/** From what the tests noted: one JSON object a line. */
function table(report) {
  const changes = new Map();
  for (const line of report.split('\n').filter(Boolean)) {
    const { name, passed, ms, standMs } = JSON.parse(line);
    const change = changes.get(name) ?? { made: 0, failed: 0, times: [], stands: [] };
    changes.set(name, change);
    change.made++;
    if (!passed) change.failed++;
    else change.stands.push(standMs);
    change.times.push(ms);
  }
  const lines = [...changes].map(([name, { made, failed, times, stands }]) => {
    const cells = [String(made), String(failed), median(times), median(stands), seconds(Math.max(0, ...stands))];
    return `${cells.map((cell) => cell.padStart(8)).join('')}  ${name}`;
  });
  const head = ['made', 'failed', 'time', 'stood', 'at most'].map((cell) => cell.padStart(8)).join('');
  return [`${head}  change`, ...lines].join('\n');
}

function seconds(ms) {
  return ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`;
}

function median(times) {
  return seconds(times.sort((a, b) => a - b)[Math.floor(times.length / 2)]);
}
