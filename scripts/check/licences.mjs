import { readFileSync, writeFileSync } from 'node:fs';
import { at } from '../lib/workspace.mjs';
import { report } from './files.mjs';

const FILE = 'THIRD-PARTY.md';
const BEGIN = '<!-- packages: written by `npm run check -- licences --write` -->';
const END = '<!-- end of packages -->';

/** Packages whose package.json is silent, and what their licence file says. */
const READ_BY_HAND = new Map([['@shinyoshiaki/jspack', 'BSD-3-Clause']]);

/**
 * THIRD-PARTY.md lists every package that an installed product contains, as package-lock.json has it, with its licence.
 * @param {{ write?: boolean }} [options] `write` brings the file up to date instead of complaining.
 * @returns {number} How many problems there are.
 */
export function checkLicences({ write = false } = {}) {
  const packages = shippedPackages();
  const text = readFileSync(at(FILE), 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const wanted = `${before}${BEGIN}\n\n${table(packages)}\n\n${END}${rest.split(END)[1] ?? ''}`;
  if (write) writeFileSync(at(FILE), wanted);
  const unknown = packages.filter(({ licence }) => licence === '').map(({ name }) => `${name} states no licence`);
  const stale = write || text === wanted ? [] : [`${FILE} is not up to date; run: npm run check -- licences --write`];
  return report([...unknown, ...stale], `${FILE} names ${packages.length} packages.`);
}

function shippedPackages() {
  const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
  /** @type {Map<string, { name: string, versions: Set<string>, licence: string }>} */
  const packages = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/') || entry.dev || entry.devOptional || entry.link || path.startsWith('e2e/'))
      continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const known = packages.get(name) ?? {
      name,
      versions: new Set(),
      licence: String(entry.license ?? READ_BY_HAND.get(name) ?? ''),
    };
    known.versions.add(entry.version);
    packages.set(name, known);
  }
  return [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {ReturnType<typeof shippedPackages>} packages */
function table(packages) {
  const rows = packages.map(
    ({ name, versions, licence }) => `| ${name} | ${[...versions].sort().join(', ')} | ${licence} |`,
  );
  return ['| Package | Version | Licence |', '|---|---|---|', ...rows].join('\n');
}
