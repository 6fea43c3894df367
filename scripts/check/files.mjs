import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { at, ROOT } from '../lib/workspace.mjs';

/**
 * Files of the repository (tracked, and new ones that git does not ignore), relative to its root.
 * @param {(file: string) => boolean} wanted
 * @returns {string[]}
 */
export function repositoryFiles(wanted) {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(listed.split('\0'))].filter((file) => file !== '' && wanted(file) && existsSync(at(file))).sort();
}

/**
 * Prints problems and says how many there were.
 * @param {string[]} problems
 * @param {string} whenNone
 */
export function report(problems, whenNone) {
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(problems.length === 0 ? `  ${whenNone}` : `  ${problems.length} problem(s)`);
  return problems.length;
}

/** Source files that the product is made of: no tests and what only tests use, nothing generated. @param {string} file */
export const isProductSource = (file) =>
  /^(packages|apps|e2e)\/.*\.ts$/.test(file) &&
  !/\.(test|spec|d)\.ts$/.test(file) &&
  !/\/(generated|testing|fixtures|mock)\//.test(file);
