import { cp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLog } from '../log.js';
import { AnalysisRepository } from './analysis-repository.js';
import { type Database, type DatabaseOptions, openDatabase } from './database.js';
import { MIGRATIONS } from './generated/migrations.js';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { StreamRepository } from './stream-repository.js';
import { embeddedDatabase, onPostgres, postgresDatabase, SERVER_URL, type TestDatabase } from './testing/databases.js';
import { itWithSmallDisk, makeFolder, makeSmallDisk } from './testing/folders.js';
import { killProgram, startProgram, writeUntilKilled } from './testing/programs.js';
import { makeAnalysis, makeDetection, makeSegment, makeSession } from './testing/samples.js';

/** Starting a thread or a child is slow on a busy machine; nothing here waits for time. */
const TIMEOUT_MS = 120_000;

function onEach(
  tests: (open: (change?: Partial<DatabaseOptions>) => Promise<Database>, place: () => TestDatabase) => void,
) {
  const withPlace = (make: () => Promise<TestDatabase>) => () => {
    let place: TestDatabase;
    let opened: Database[] = [];
    beforeEach(async () => {
      opened = [];
      place = await make();
    }, TIMEOUT_MS);
    afterEach(async () => {
      for (const database of opened) await database.close();
      await place.remove();
    });
    const open = async (change: Partial<DatabaseOptions> = {}) => {
      const database = await openDatabase({ ...place, log: silentLog, ...change });
      opened.push(database);
      return database;
    };
    tests(open, () => place);
  };
  describe('the embedded database', withPlace(embeddedDatabase));
  onPostgres('PostgreSQL', withPlace(postgresDatabase));
}

onEach((open, place) => {
  it('keeps everything over a restart', { timeout: TIMEOUT_MS }, async () => {
    const first = await open();
    const { stream, session, ...ids } = await makeSession(first);
    await new SegmentRepository(first).add(makeSegment(session.id, 0));
    await new AnalysisRepository(first).append([makeAnalysis(ids, 0)]);
    await first.close();
    const second = await open();
    expect(await new StreamRepository(second).findByKey(stream.streamKey)).toEqual(stream);
    expect(await new SessionRepository(second).get(stream.id, session.id)).toMatchObject({
      storedBytes: 1000,
      endedAt: null,
    });
    expect((await new AnalysisRepository(second).query({ ...ids, limit: 10 })).items).toEqual([makeAnalysis(ids, 0)]);
  });

  it('has all that was committed when the server is killed in the middle of writing', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const setup = await open();
    const { session, ...ids } = await makeSession(setup);
    await setup.close();
    const confirmed = await writeUntilKilled(place(), ids, 25);
    const database = await open();
    const analyses = (await new AnalysisRepository(database).query({ ...ids, limit: 1000 })).items;
    const names = new Set((await new SegmentRepository(database).listForSession(session.id)).map(({ name }) => name));
    for (const number of confirmed) {
      expect(names).toContain(`seg-${number}.m4s`);
      expect(analyses.filter(({ ptsMs }) => Math.floor(ptsMs / 2000) === number)).toHaveLength(5);
    }
    // What was under way is there whole or not at all.
    for (const { detections } of analyses) expect(detections).toHaveLength(8);
    expect((await new SessionRepository(database).get(ids.streamId, session.id)).storedBytes).toBe(names.size * 1000);
    expect((await new SessionRepository(database).closeInterrupted()).map(({ id }) => id)).toEqual([session.id]);
  });

  it('undoes a transaction that fails, and goes on', { timeout: TIMEOUT_MS }, async () => {
    const database = await open();
    const { streamId } = await makeSession(database);
    const failed = database.transaction(async (orm) => {
      await orm.execute(sql`update streams set name = 'changed'`);
      await orm.execute(sql`select 1 / 0`);
    });
    await expect(failed).rejects.toMatchObject({ code: '22012' });
    expect((await new StreamRepository(database).get(streamId)).name).toBe('Studio');
    await Promise.all(Array.from({ length: 30 }, () => database.ping()));
    await database.maintain();
  });

  it('refuses the schema of a newer version, and leaves it alone', { timeout: TIMEOUT_MS }, async () => {
    const newer = { tag: '9999_later', sha256: 'x', sql: 'create table later (id int)' };
    await (await open({ migrations: [...MIGRATIONS, newer] })).close();
    await expect(open()).rejects.toMatchObject({
      code: 'database_incompatible',
      message: expect.stringContaining('9999_later'),
    });
    const again = await open({ migrations: [...MIGRATIONS, newer] });
    await again.run((orm) => orm.execute(sql`select * from later`));
  });

  it('refuses a migration that was changed after it was applied', { timeout: TIMEOUT_MS }, async () => {
    await (await open()).close();
    const changed = MIGRATIONS.map((migration) => ({ ...migration, sha256: 'other' }));
    await expect(open({ migrations: changed })).rejects.toMatchObject({ code: 'database_incompatible' });
  });

  it('leaves the schema as it was when a migration fails halfway', { timeout: TIMEOUT_MS }, async () => {
    const steps = [
      { tag: '9998_good', sha256: 'a', sql: 'create table good (id int)' },
      { tag: '9999_bad', sha256: 'b', sql: 'create table half (id int);\n--> statement-breakpoint\nselect nonsense' },
    ];
    await expect(open({ migrations: [...MIGRATIONS, ...steps] })).rejects.toMatchObject({
      code: 'database_incompatible',
      details: { problem: 'migration "9999_bad" failed: column "nonsense" does not exist' },
    });
    const database = await open();
    const tables = await database.run((orm) =>
      orm.execute(sql`select to_regclass('good') as good, to_regclass('half') as half`),
    );
    expect(tables.rows).toEqual([{ good: null, half: null }]);
  });
});

describe('the embedded database', () => {
  it('is made from nothing, also after a start that was killed in the middle of it', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const folder = await makeFolder();
    const dataDir = path.join(folder.path, 'data');
    const child = startProgram(`await openDatabase({ url: null, dataDir: ${JSON.stringify(dataDir)}, log });`);
    while (!(await readdir(path.join(dataDir, 'db.new')).catch((): string[] => [])).some((name) => name === 'base'))
      await new Promise(setImmediate);
    await killProgram(child);
    expect(await readdir(dataDir)).toEqual(['db.new']);
    const database = await openDatabase({ url: null, dataDir, log: silentLog });
    await database.ping();
    expect(await readdir(dataDir)).toEqual(['db']);
    await database.close();
    await folder.remove();
  });

  it('is replaced when it hangs, and has what was committed', { timeout: TIMEOUT_MS }, async () => {
    const place = await embeddedDatabase();
    const errors: string[] = [];
    const log: Logger = { ...silentLog, error: (_, text) => void errors.push(text) };
    const database = await openDatabase({ ...place, log, hangLimitMs: 5000 });
    const { stream } = await makeSession(database);
    const hung = database.run((orm) => orm.execute(sql`select pg_sleep(1000)`));
    await expect(hung).rejects.toMatchObject({ code: 'database_unreachable' });
    expect(errors).toEqual(['embedded database does not answer; its thread is replaced']);
    expect(await new StreamRepository(database).get(stream.id)).toEqual(stream);
    await database.close();
    await place.remove();
  });

  itWithSmallDisk(
    'refuses rows on a full disk, keeps what it has, and goes on when there is room',
    async () => {
      const { disk, dataDir } = await embeddedOnSmallDisk();
      const database = await openDatabase({ url: null, dataDir, log: silentLog });
      const { stream, session, ...ids } = await makeSession(database);
      await fillUp(disk.path);
      const analyses = new AnalysisRepository(database);
      const error = await writeUntilRefused(analyses, ids);
      expect(error).toMatchObject({
        code: 'database_unreachable',
        message: expect.stringContaining('No space left on device'),
      });
      expect(await new StreamRepository(database).get(stream.id)).toEqual(stream);
      await rm(path.join(disk.path, 'filler'));
      const late = makeAnalysis(ids, 9_000_000);
      await analyses.append([late]);
      expect((await analyses.query({ ...ids, fromMs: 9_000_000, limit: 10 })).items).toEqual([late]);
      await database.close();
      await disk.remove();
    },
    TIMEOUT_MS,
  );

  itWithSmallDisk(
    'comes back when there is room again after the disk had none for its write-ahead log, with what was committed',
    async () => {
      const { disk, dataDir } = await embeddedOnSmallDisk();
      const database = await openDatabase({ url: null, dataDir, log: silentLog, hangLimitMs: 5000 });
      const { stream } = await makeSession(database);
      await fillUp(disk.path);
      const useUpLog = async () => {
        for (let index = 0; index < 100; index++) {
          await database.run((orm) => orm.execute(sql`update streams set updated_at = updated_at`));
          await database.run((orm) => orm.execute(sql`select pg_switch_wal()`));
        }
      };
      await expect(useUpLog()).rejects.toMatchObject({ code: 'database_unreachable' });
      await database.ping().catch(() => {});
      await rm(path.join(disk.path, 'filler'));
      let found: unknown = null;
      while (found === null) found = await new StreamRepository(database).find(stream.id).catch(() => null);
      expect(found).toEqual(stream);
      await database.close();
      await disk.remove();
    },
    TIMEOUT_MS,
  );

  it('says that it cannot be opened when its files are damaged, and leaves them as they are', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const place = await embeddedDatabase();
    const control = path.join(place.dataDir, 'db/global/pg_control');
    await writeFile(control, 'damaged');
    await expect(openDatabase({ ...place, log: silentLog, hangLimitMs: 5000 })).rejects.toMatchObject({
      code: 'database_unreachable',
    });
    expect(await readFile(control, 'utf8')).toBe('damaged');
    await place.remove();
  });

  it('says that the folder cannot be written', async () => {
    const folder = await makeFolder();
    const dataDir = path.join(folder.path, 'file');
    await writeFile(dataDir, 'x');
    await expect(openDatabase({ url: null, dataDir, log: silentLog })).rejects.toMatchObject({
      code: 'data_dir_unwritable',
      details: { path: dataDir },
    });
    await folder.remove();
  });
});

onPostgres('a PostgreSQL server', () => {
  it('takes servers that start at the same moment, and is migrated once', { timeout: TIMEOUT_MS }, async () => {
    const place = await postgresDatabase();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ ...place, log: silentLog })));
    const applied = await opened[0]!.run((orm) => orm.execute(sql`select tag from schema_migrations`));
    expect(applied.rows).toEqual(MIGRATIONS.map(({ tag }) => ({ tag })));
    for (const database of opened) await database.close();
    await place.remove();
  });

  it('may drop every connection, and the next statement finds a new one', { timeout: TIMEOUT_MS }, async () => {
    const place = await postgresDatabase();
    const [database, other] = [
      await openDatabase({ ...place, log: silentLog }),
      await openDatabase({ ...place, log: silentLog }),
    ];
    const running = database.run((orm) => orm.execute(sql`select pg_sleep(1000)`));
    const failed = expect(running).rejects.toMatchObject({ code: 'database_unreachable' });
    // Waits until the other one runs, then ends it.
    let ended = 0;
    while (ended === 0) {
      const { rows } = await other.run((orm) =>
        orm.execute(
          sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(1000)%' and pid <> pg_backend_pid()`,
        ),
      );
      ended = rows.length;
    }
    await failed;
    await database.ping();
    await database.close();
    await other.close();
    await place.remove();
  });

  it('is unreachable at once where nothing listens, or the database is not there', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const refused = { url: 'postgres://user:secret-word@127.0.0.1:1/x', dataDir: '', log: silentLog };
    const error = await openDatabase(refused).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'database_unreachable' });
    expect((error as Error).message).not.toContain('secret-word');
    const url = new URL(SERVER_URL);
    url.pathname = '/no_such_database_here';
    await expect(openDatabase({ url: url.href, dataDir: '', log: silentLog })).rejects.toMatchObject({
      code: 'database_unreachable',
    });
  });
});

async function embeddedOnSmallDisk() {
  const place = await embeddedDatabase();
  const disk = await makeSmallDisk(120_000_000);
  const dataDir = path.join(disk.path, 'data');
  await cp(place.dataDir, dataDir, { recursive: true });
  await place.remove();
  return { disk, dataDir };
}

/** Leaves no room at all on a disk, in a file `filler`. */
async function fillUp(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  await writeFile(path.join(folder, 'filler'), Buffer.alloc(bavail * bsize));
}

async function writeUntilRefused(
  analyses: AnalysisRepository,
  ids: { streamId: string; sessionId: string },
): Promise<unknown> {
  const detections = Array.from({ length: 50 }, () => makeDetection());
  for (let ptsMs = 0; ; ptsMs += 1000) {
    const batch = Array.from({ length: 20 }, (_, index) => makeAnalysis(ids, ptsMs + index, { detections }));
    try {
      await analyses.append(batch);
    } catch (error) {
      return error;
    }
  }
}
