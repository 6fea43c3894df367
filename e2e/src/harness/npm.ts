import { existsSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from './child.js';
import { REPOSITORY } from './paths.js';

/** The newest of each line that runs on Node 20. */
const VERSIONS = { 10: '10.9.9', 11: '11.19.1' } as const;

/** A line of npm that people have. */
export type NpmLine = keyof typeof VERSIONS;

const programs = new Map<NpmLine, Promise<string>>();

/**
 * The program file of an npm, to be run by Node. Fetched from the registry once.
 * @throws Error with npm's words when it cannot be fetched.
 */
export function npmProgram(line: NpmLine): Promise<string> {
  const known = programs.get(line) ?? fetchNpm(VERSIONS[line]);
  programs.set(line, known);
  return known;
}

async function fetchNpm(version: string): Promise<string> {
  const folder = path.join(REPOSITORY, 'e2e/out', `npm-${version}`);
  const program = path.join(folder, 'node_modules/npm/bin/npm-cli.js');
  if (!existsSync(program))
    await runToEnd(`npm install npm@${version}`, 'npm', [
      ...['install', '--silent', '--no-audit', '--no-fund', '--no-save', '--prefix', folder],
      `npm@${version}`,
    ]);
  return program;
}
