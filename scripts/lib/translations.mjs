import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { at, Refusal, runBin } from './workspace.mjs';

/** All texts of the dashboard as they stand in the sources, written by Angular's extraction. */
export const MESSAGES_FILE = at('apps', 'dashboard', 'i18n', 'messages.json');
/** One file for each translation, named after its language. */
export const TRANSLATIONS_FOLDER = at('apps', 'dashboard', 'public', 'i18n');

/** @typedef {Record<string, string>} Messages Text in the sources by the message's id. */
/** @typedef {Record<string, { source: string, target: string }>} Translation */

/**
 * The texts that are marked in the sources now.
 * @returns {Promise<Messages>}
 */
export async function extractMessages() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'media-analyzer-i18n-'));
  try {
    const args = [
      'extract-i18n',
      '--format=json',
      '--output-path',
      folder,
      '--out-file=messages.json',
      '--progress=false',
    ];
    const code = await runBin('ng', args, {
      cwd: at('apps', 'dashboard'),
      env: { NG_CLI_ANALYTICS: 'false' },
      quiet: true,
    });
    if (code !== 0) throw new Refusal('The texts could not be extracted; see above.');
    const { translations } = JSON.parse(await readFile(path.join(folder, 'messages.json'), 'utf8'));
    return sortedByText(translations);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The translations that there are.
 * @returns {Promise<{ language: string, file: string, translation: Translation }[]>}
 */
export async function readTranslations() {
  const names = (await readdir(TRANSLATIONS_FOLDER)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (name) => {
      const file = path.join(TRANSLATIONS_FOLDER, name);
      return { language: path.basename(name, '.json'), file, translation: JSON.parse(await readFile(file, 'utf8')) };
    }),
  );
}

/**
 * A translation for these messages: what is known is kept, what is new waits with an empty target, what is gone is left out.
 * @param {Messages} messages
 * @param {Translation} translation
 * @returns {Translation}
 */
export function followMessages(messages, translation) {
  return Object.fromEntries(
    Object.entries(messages).map(([id, source]) => [id, { source, target: translation[id]?.target ?? '' }]),
  );
}

/**
 * What is wrong with a translation, one line for each message.
 * @param {Messages} messages
 * @param {Translation} translation
 */
export function problemsOf(messages, translation) {
  const shorten = (/** @type {string} */ text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
  const missing = Object.entries(messages).flatMap(([id, source]) => {
    const target = translation[id]?.target ?? '';
    if (target === '') return [`has no text for ${id} (${shorten(source)})`];
    const [wanted, given] = [placeholdersOf(source), placeholdersOf(target)];
    return wanted === given ? [] : [`uses ${given || 'no values'} in ${id}, where the source has ${wanted || 'none'}`];
  });
  const stale = Object.keys(translation)
    .filter((id) => !(id in messages))
    .map((id) => `translates ${id}, which is gone (${shorten(translation[id]?.source ?? '')})`);
  return [...missing, ...stale];
}

/** @param {string} file @param {object} content */
export const writeJson = (file, content) => writeFile(file, `${JSON.stringify(content, null, 2)}\n`);

/** @param {string} text */
function placeholdersOf(text) {
  // Elements of an ICU message ({VAR_PLURAL, …}) count by their name; their branches are the translator's.
  const names = [...text.matchAll(/\{\$[^}]+\}|\{[A-Z_0-9]+(?=,)/g)].map(([name]) => name);
  return [...new Set(names)].sort().join(' ');
}

/**
 * In the order of the texts, so that a new one changes only its own lines.
 * @param {Messages} messages
 * @returns {Messages}
 */
function sortedByText(messages) {
  const pairs = Object.entries(messages).sort(([a, left], [b, right]) => (`${left}\0${a}` < `${right}\0${b}` ? -1 : 1));
  return Object.fromEntries(pairs);
}
