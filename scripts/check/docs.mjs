import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { at } from '../lib/workspace.mjs';
import { report, repositoryFiles } from './files.mjs';

/**
 * Every relative link of every Markdown file leads to a file, and to a heading where it names one; every `npm run` command
 * named there exists; every file under docs/ is reachable from docs/README.md's own links or from the README.
 *
 * @returns {number} How many links and commands lead nowhere.
 */
export function checkDocs() {
  const files = repositoryFiles((file) => file.endsWith('.md') && !file.startsWith('models/bundled/'));
  const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const linked = new Set();
  const problems = files.flatMap((file) => {
    const text = withoutCode(readFileSync(at(file), 'utf8'));
    const wrongLinks = linksOf(text).flatMap((link) => {
      const target = path.posix.normalize(
        path.posix.join(path.posix.dirname(file), decodeURI(link.split('#')[0] ?? '')),
      );
      const goal = link.startsWith('#') ? file : target;
      linked.add(goal);
      return brokenLink(goal, link.split('#')[1]) ? [`${file} links to ${link}, which does not exist`] : [];
    });
    return [
      ...wrongLinks,
      ...unknownCommands(readFileSync(at(file), 'utf8'), scripts).map(
        (name) => `${file} names npm run ${name}, which does not exist`,
      ),
    ];
  });
  const orphans = files.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md' && !linked.has(file));
  return report(
    [...problems, ...orphans.map((file) => `${file} is linked from nowhere`)],
    `All links of ${files.length} Markdown files lead somewhere.`,
  );
}

/** @param {string} text */
function linksOf(text) {
  const links = [...text.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g), ...text.matchAll(/<img[^>]+src="([^"]+)"/g)];
  return links.map((match) => match[1] ?? '').filter((link) => !/^[a-z]+:/i.test(link));
}

/**
 * @param {string} target
 * @param {string | undefined} heading
 */
function brokenLink(target, heading) {
  if (!existsSync(at(target))) return true;
  if (!heading || !target.endsWith('.md')) return false;
  return !headingsOf(readFileSync(at(target), 'utf8')).has(heading);
}

/** Anchors as GitHub makes them. @param {string} text */
function headingsOf(text) {
  return new Set(
    [...withoutCode(text).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

/**
 * @param {string} text
 * @param {Record<string, string>} scripts
 */
function unknownCommands(text, scripts) {
  const names = [...text.matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map((match) => match[1] ?? '');
  return [...new Set(names)].filter((name) => !(name in scripts));
}

/** @param {string} text */
const withoutCode = (text) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
