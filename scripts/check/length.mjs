import { readFileSync } from 'node:fs';
import { at } from '../lib/workspace.mjs';
import { report, repositoryFiles } from './files.mjs';

/** Aim and limit, lines. Between the two a file is listed, past the limit the check fails: it holds a second idea. */
const AIM = 300;
const LIMIT = 400;

/** Code that people read: sources, tests, scripts, styles. */
const isCode = (/** @type {string} */ file) =>
  /\.(ts|mjs|cjs|css|scss|html)$/.test(file) && !file.includes('/generated/');

/** @returns {number} How many files are longer than the limit. */
export function checkLength() {
  const lengths = repositoryFiles(isCode)
    .map((file) => ({ file, lines: readFileSync(at(file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > AIM)
    .sort((a, b) => b.lines - a.lines);
  for (const { file, lines } of lengths) {
    if (lines <= LIMIT) console.log(`  (note) ${file} has ${lines} lines; the aim is ${AIM}`);
  }
  return report(
    lengths
      .filter(({ lines }) => lines > LIMIT)
      .map(({ file, lines }) => `${file} has ${lines} lines; at most ${LIMIT}`),
    `No file is longer than ${LIMIT} lines.`,
  );
}
