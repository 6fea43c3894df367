import { readFile } from 'node:fs/promises';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from './generated/migrations.js';
import * as schema from './schema.js';

const folder = new URL('./migrations/', import.meta.url);

describe('the migrations', () => {
  it('are ordered and numbered without a gap', () => {
    expect(MIGRATIONS.map(({ tag }) => tag.slice(0, 4))).toEqual(
      MIGRATIONS.map((_, index) => String(index).padStart(4, '0')),
    );
  });

  it('are embedded as they stand in their files: else run "npm run migrations -w apps/server"', async () => {
    const journal = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as {
      entries: { tag: string }[];
    };
    expect(MIGRATIONS.map(({ tag }) => tag)).toEqual(journal.entries.map(({ tag }) => tag));
    for (const { tag, sql } of MIGRATIONS) expect(sql).toBe(await readFile(new URL(`${tag}.sql`, folder), 'utf8'));
  });

  it('make the schema of the code: else run "npm run migrations -w apps/server"', async () => {
    const number = String(MIGRATIONS.length - 1).padStart(4, '0');
    const snapshot = JSON.parse(await readFile(new URL(`meta/${number}_snapshot.json`, folder), 'utf8')) as Parameters<
      typeof generateMigration
    >[0];
    expect(await generateMigration(snapshot, generateDrizzleJson({ ...schema }, snapshot.id))).toEqual([]);
  });
});
