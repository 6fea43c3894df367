import { randomBytes } from 'node:crypto';
import { access, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../../log.js';
import { type Database, openDatabase } from '../database.js';
import { MIGRATIONS } from '../generated/migrations.js';

/** Any server on which the tests may make and drop databases of their own. */
export const SERVER_URL = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

const serverProblem = await probe();

/** A database that lives as long as one test file. */
export interface TestDatabase {
  readonly url: string | null;
  readonly dataDir: string;
  remove(): Promise<void>;
}

/** Runs the same tests on both databases. A missing PostgreSQL skips its half, and fails in CI. */
export function onBothDatabases(title: string, tests: (database: () => Database) => void): void {
  describe(`${title} on the embedded database`, () => withDatabase(embeddedDatabase, tests));
  onPostgres(`${title} on PostgreSQL`, () => withDatabase(postgresDatabase, tests));
}

/** Tests that only a server can run. */
export function onPostgres(title: string, tests: () => void): void {
  if (serverProblem === null) return void describe(title, tests);
  if (process.env.CI) return void it(title, () => expect.fail(`no PostgreSQL at ${SERVER_URL}: ${serverProblem}`));
  return void it.skip(`${title} (no PostgreSQL at ${SERVER_URL}: ${serverProblem})`, () => {});
}

function withDatabase(make: () => Promise<TestDatabase>, tests: (database: () => Database) => void): void {
  let place: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    place = await make();
    database = await openDatabase({ ...place, log: silentLog });
  });
  afterAll(async () => {
    await database?.close();
    await place?.remove();
  });
  tests(() => database);
}

/** A place with an embedded database that has the schema and no rows. */
export async function embeddedDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'media-analyzer-database-'));
  await cp(path.join(await embeddedTemplate(), 'db'), path.join(dataDir, 'db'), { recursive: true });
  return { url: null, dataDir, remove: () => rm(dataDir, { recursive: true, force: true }) };
}

/** Making an embedded database takes seconds of two cores, so it is made once for each schema and copied. */
async function embeddedTemplate(): Promise<string> {
  const newest = MIGRATIONS.at(-1);
  const schema = newest ? `${newest.tag}-${newest.sha256.slice(0, 12)}` : 'empty';
  const cache = fileURLToPath(new URL('../../../../../node_modules/.cache/media-analyzer/', import.meta.url));
  const template = path.join(cache, `pglite-${await pgliteVersion()}-${schema}`);
  if (await exists(template)) return template;
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(`${template}-`);
  const database = await openDatabase({ url: null, dataDir: unfinished, log: silentLog });
  await database.close();
  // Another test file may have been faster.
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true, force: true }));
  return template;
}

async function pgliteVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const text = await readFile(path.join(path.dirname(entry), '..', 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** An empty database of our own on the server. */
export async function postgresDatabase(): Promise<TestDatabase> {
  const name = `media_analyzer_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name}`);
  const url = new URL(SERVER_URL);
  url.pathname = `/${name}`;
  return { url: url.href, dataDir: tmpdir(), remove: () => onServer(`drop database ${name} with (force)`) };
}

export async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 3000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function probe(): Promise<string | null> {
  try {
    await onServer('select 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}
