/** Rewrites the tables of docs/configuration.md from src/config: `npm run docs -w apps/server`. */
import { readFile, writeFile } from 'node:fs/promises';
import { describeConfig } from '../src/config/describe.ts';

const MARK = '<!-- The rest of this page is made by apps/server/scripts/configuration-docs.mjs. -->';
const page = new URL('../../../docs/configuration.md', import.meta.url);
const text = await readFile(page, 'utf8');
const head = text.slice(0, text.indexOf(MARK) + MARK.length);
await writeFile(page, `${head}\n\n${describeConfig()}`);
