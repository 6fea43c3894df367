/**
 * Writes src/storage/generated/migrations.ts from the SQL files that drizzle-kit made. The texts are embedded, because
 * `tsc -b` copies no SQL files and a built server must not depend on its sources.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const folder = new URL('../src/storage/migrations/', import.meta.url);

/** @returns {Promise<string>} the TypeScript text */
export async function embedMigrations() {
  const journal = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8'));
  const entries = [];
  for (const { tag } of journal.entries) {
    const sql = await readFile(new URL(`${tag}.sql`, folder), 'utf8');
    entries.push({ tag, sha256: createHash('sha256').update(sql).digest('hex'), sql });
  }
  return `// Made by scripts/embed-migrations.mjs from src/storage/migrations. Do not edit.\nimport type { Migration } from '../migrate.js';\n\nexport const MIGRATIONS: readonly Migration[] = ${JSON.stringify(entries, null, 2)};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('../src/storage/generated/migrations.ts', import.meta.url), await embedMigrations());
}
