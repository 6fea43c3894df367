import path from 'node:path';
import { CodedError, describeError } from '@media-analyzer/protocol';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Logger } from '../log.js';
import { createEmbedded, EmbeddedConnection } from './embedded/connection.js';
import { toStorageError } from './errors.js';
import { MIGRATIONS } from './generated/migrations.js';
import { type Migration, migrate } from './migrate.js';

/** Connections to PostgreSQL: writes are batched and few, pages of results are short. */
const POOL_SIZE = 8;
const CONNECT_TIMEOUT_MS = 5000;
/** The longest statement is a page of 1000 analyses or the removal of 10,000, each far below. */
const STATEMENT_TIMEOUT_MS = 30_000;
const MIN_SERVER_VERSION = 150_000;

const OWN_TABLES =
  'streams, sessions, gaps, inits, segments, analyses, detections, settings, notice_history, pictures, appearances, analysed_seconds';

export interface DatabaseOptions {
  /** Address of a PostgreSQL server; null for the embedded database. */
  readonly url: string | null;
  /** The embedded database lives in its `db` folder. The caller holds the folder's lock (`openDataDir`). */
  readonly dataDir: string;
  readonly log: Logger;
  /** Schema steps; those of this build when left out. */
  readonly migrations?: readonly Migration[];
  /** A thread of the embedded database that is silent for longer is replaced, ms. Default 60 s. */
  readonly hangLimitMs?: number;
  /** Breaks off the making of the embedded database, which takes seconds. */
  readonly starting?: AbortSignal;
}

/** What repositories run their statements on. Nothing outside this folder uses it for anything but opening and closing. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  /** @internal Runs statements; what it throws has gone through `toStorageError`. */
  run<T>(work: (orm: Orm) => Promise<T>): Promise<T>;
  /** @internal Runs statements in one transaction. */
  transaction<T>(work: (orm: Orm) => Promise<T>): Promise<T>;
  /** @throws CodedError `database_unreachable` */
  ping(): Promise<void>;
  /**
   * What a server does by itself and the embedded database does not: gives back the room of deleted rows and renews the
   * planner's statistics. Call it after retention, about hourly. Nothing happens on PostgreSQL.
   */
  maintain(): Promise<void>;
  /** Waits for running statements. Repositories must not be used afterwards. */
  close(): Promise<void>;
}

/** @internal */
export type Orm = NodePgDatabase;

/**
 * Opens the database, creates it if need be, and brings its schema up to date.
 *
 * @throws CodedError `database_unreachable` when it does not answer or cannot be opened, `data_dir_unwritable` when the
 * embedded one cannot be made, `database_incompatible` when it is older than PostgreSQL 15 or of a newer version of this
 * server; the reason of `starting`.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const startedAt = performance.now();
  const opened = options.url === null ? await openEmbedded(options) : openServer(options.url, options.log);
  const { kind, pool } = opened;
  const database = new PooledDatabase(opened);
  try {
    await checkVersion(pool);
    await migrate(pool, options.migrations ?? MIGRATIONS, options.log);
  } catch (error) {
    await database.close();
    const known = toStorageError(error);
    throw known instanceof CodedError
      ? known
      : new CodedError('database_unreachable', { problem: describeError(known) }, { cause: error });
  }
  options.log.info({ kind, tookMs: Math.round(performance.now() - startedAt) }, 'database open');
  return database;
}

interface Opened {
  readonly kind: Database['kind'];
  readonly pool: pg.Pool;
  /** Fulfilled when the last connection is gone: the pool's own `end` does not wait for it. */
  readonly ended: () => Promise<void>;
}

function openServer(url: string, log: Logger): Opened {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'media-analyzer',
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // A server that vanished without a word (power, network) answers nothing, not even the statement timeout.
    query_timeout: STATEMENT_TIMEOUT_MS + CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  logLostConnections(pool, log);
  return { kind: 'postgresql', pool, ended: async () => {} };
}

async function openEmbedded({ dataDir, log, hangLimitMs, starting }: DatabaseOptions): Promise<Opened> {
  const folder = path.join(dataDir, 'db');
  try {
    await createEmbedded(folder, starting);
  } catch (error) {
    starting?.throwIfAborted();
    throw new CodedError('data_dir_unwritable', { path: dataDir, problem: describeError(error) }, { cause: error });
  }
  let last: EmbeddedConnection | null = null;
  const pool = new pg.Pool({
    // One thread, one connection; it lives as long as the pool.
    max: 1,
    idleTimeoutMillis: 0,
    ssl: false,
    user: 'postgres',
    database: 'postgres',
    stream: () => {
      const after = last?.ended() ?? Promise.resolve();
      last = new EmbeddedConnection({ folder, log, after, ...(hangLimitMs !== undefined && { hangLimitMs }) });
      return last;
    },
  });
  logLostConnections(pool, log);
  return { kind: 'pglite', pool, ended: async () => last?.ended() };
}

/** Without a listener a lost idle connection would end the process; the pool replaces it by itself. */
function logLostConnections(pool: pg.Pool, log: Logger): void {
  pool.on('error', (error) => log.warn({ problem: error.message }, 'database connection lost'));
}

async function checkVersion(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string }>("select current_setting('server_version_num') as version");
  const version = Number(rows[0]?.version);
  if (version >= MIN_SERVER_VERSION) return;
  throw new CodedError('database_incompatible', {
    problem: `it is PostgreSQL ${Math.floor(version / 10_000)}; 15 or newer is needed`,
  });
}

class PooledDatabase implements Database {
  readonly kind: Database['kind'];
  private readonly pool: pg.Pool;
  private closing: Promise<void> | null = null;
  private readonly orm: Orm;

  constructor(private readonly opened: Opened) {
    this.kind = opened.kind;
    this.pool = opened.pool;
    this.orm = drizzle({ client: opened.pool });
  }

  async run<T>(work: (orm: Orm) => Promise<T>): Promise<T> {
    try {
      return await work(this.orm);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  // Not drizzle's: that one keeps the connection for ever when `begin` fails, and lets a failing `rollback` hide the cause.
  async transaction<T>(work: (orm: Orm) => Promise<T>): Promise<T> {
    return this.run(async () => {
      const client = await this.pool.connect();
      let broken = false;
      try {
        await client.query('begin');
        const result = await work(drizzle({ client }));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    });
  }

  async ping(): Promise<void> {
    await this.run((orm) => orm.execute('select 1'));
  }

  async maintain(): Promise<void> {
    if (this.kind === 'pglite') await this.run((orm) => orm.execute(`vacuum (analyze) ${OWN_TABLES}`));
  }

  close(): Promise<void> {
    this.closing ??= this.pool.end().then(() => this.opened.ended());
    return this.closing;
  }
}
