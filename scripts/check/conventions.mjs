import { readFileSync } from 'node:fs';
import { at } from '../lib/workspace.mjs';
import { isProductSource, report, repositoryFiles } from './files.mjs';

/**
 * @typedef {object} Rule
 * @property {RegExp} pattern Tried on each line.
 * @property {(file: string) => boolean} applies
 * @property {string} says
 */

const isTypeScript = (/** @type {string} */ file) => /^(packages|apps|e2e)\/.*\.ts$/.test(file);

/** @type {Rule[]} */
const RULES = [
  {
    pattern: /process\.env/,
    applies: (file) =>
      isProductSource(file) && /^(packages|apps)\//.test(file) && !file.startsWith('apps/server/src/config/'),
    says: 'reads the environment; only apps/server/src/config does that',
  },
  {
    pattern: /import \{.*\bz\b.*\} from 'zod'/,
    applies: (file) => file.startsWith('packages/protocol/') && isTypeScript(file),
    says: "brings zod's sixty languages to the browser; write import * as z from 'zod'",
  },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, applies: isTypeScript, says: 'silences the compiler' },
  { pattern: /\bas unknown as\b/, applies: isTypeScript, says: 'casts through unknown' },
  {
    pattern: /\b(describe|it|test)\.(only|skip|todo|skipIf|runIf)\b/,
    applies: (file) => /\.(test|spec)\.ts$/.test(file),
    says: 'leaves tests out; a missing part is a failure that names it',
  },
];

/** @returns {number} How many lines break a convention. */
export function checkConventions() {
  const problems = repositoryFiles((file) => RULES.some((rule) => rule.applies(file))).flatMap((file) => {
    const lines = readFileSync(at(file), 'utf8').split('\n');
    return RULES.filter((rule) => rule.applies(file)).flatMap((rule) =>
      lines.flatMap((line, i) => (rule.pattern.test(line) ? [`${file}:${i + 1} ${rule.says}`] : [])),
    );
  });
  return report(problems, 'The environment is read in one place, no type is forced, no test is left out.');
}
