/**
 * The bench: `npm run bench [-- ROW ...] [--seconds N] [--minutes N]`. Prints a table and writes JSON to `bench/out`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '../harness/paths.js';
import { BENCH_CLIP_TEXT } from './clip.js';
import { type Figure, formatTable, type Row } from './result.js';
import { accuracyRow } from './rows/accuracy.js';
import { analysisRow } from './rows/analysis.js';
import { glassRow } from './rows/glass.js';
import { manyRow } from './rows/many.js';
import { memoryRow } from './rows/memory.js';
import { packagingRow } from './rows/packaging.js';
import { pageRow } from './rows/page.js';
import { startupRow } from './rows/startup.js';

const ROWS: Readonly<Record<string, { row: Row; what: string }>> = {
  latency: { row: analysisRow, what: 'capture to analysis, and CPU of the whole with analysis' },
  glass: { row: glassRow, what: 'glass to glass, and overlay alignment, in a browser' },
  startup: { row: startupRow, what: 'publish to first playable playlist' },
  cpu: { row: packagingRow, what: 'CPU of ingest and packaging of 1, 5 and 20 streams beside ffmpeg and nginx-rtmp' },
  page: { row: pageRow, what: 'CPU of the browser that has a stream on air open' },
  many: { row: manyRow, what: 'five streams with analysis: rate, drops, latency, CPU' },
  accuracy: { row: accuracyRow, what: 'wrong boxes and appearances, recall and CPU of each model' },
  memory: { row: memoryRow, what: 'resident memory over --minutes' },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});

const unknown = positionals.filter((name) => !(name in ROWS));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No row is called ${unknown.join(', ')}.`);
  console.log('npm run bench [-- ROW ...] [--seconds 60] [--minutes 30]\n');
  for (const [name, { what }] of Object.entries(ROWS)) console.log(`  ${name.padEnd(8)} ${what}`);
  process.exit(unknown.length > 0 ? 1 : 0);
}

const options = { seconds: positive('seconds', values.seconds), minutes: positive('minutes', values.minutes) };
const machine = {
  cpu: os.cpus()[0]?.model ?? 'unknown',
  cores: os.availableParallelism(),
  memoryBytes: os.totalmem(),
  system: `${os.type()} ${os.release()}`,
  node: process.version,
};
console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}\n${BENCH_CLIP_TEXT}`);

const figures: Figure[] = [];
const rows: Record<string, unknown> = {};
let failed = false;
for (const [name, { row, what }] of Object.entries(ROWS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`\n${name}: ${what}`);
  try {
    const result = await row(options, (text) => console.log(`  ${text}`));
    figures.push(...result.figures);
    rows[name] = result;
  } catch (error) {
    // The other rows are still worth having.
    failed = true;
    rows[name] = { failed: String(error) };
    console.error(`  failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

const startedAt = new Date().toISOString().replace(/[:.]/g, '-');
const folder = path.join(REPOSITORY, 'bench', 'out');
const file = path.join(folder, `${startedAt}.json`);
await mkdir(folder, { recursive: true });
await writeFile(
  file,
  `${JSON.stringify({ at: new Date().toISOString(), machine, clip: BENCH_CLIP_TEXT, options, figures, rows }, null, 2)}\n`,
);
console.log(`\n${formatTable(figures)}\n\n${path.relative(process.cwd(), file)}`);
process.exit(failed ? 1 : 0);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`--${name} is "${text}": it must be a number above 0`);
  process.exit(1);
}
