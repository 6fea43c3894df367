import { CodedError, describeError } from '@media-analyzer/protocol';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from '../log.js';

/** One ordered step of the schema. */
export interface Migration {
  /** Name that begins with its number: `0000_initial`. */
  readonly tag: string;
  /** SHA-256 of `sql`, hex. */
  readonly sha256: string;
  /** Statements, separated by drizzle-kit's `--> statement-breakpoint`. */
  readonly sql: string;
}

/** Any number that nothing else in the database uses: "media" in ASCII. */
const MIGRATION_LOCK = 0x6d65646961;
/** How long to wait for another server that is migrating, ms. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the schema to the newest of `migrations`, all steps in one transaction under an advisory lock: servers that start
 * together wait for each other, and a step that fails leaves the schema as it was.
 *
 * @returns tags of the steps that were applied
 * @throws CodedError `database_incompatible` when the schema is of a newer or another build, or a step fails.
 */
export async function migrate(pool: Pool, migrations: readonly Migration[], log: Logger): Promise<readonly string[]> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const pending = await findPending(client, migrations);
    for (const migration of pending) await apply(client, migration);
    await client.query('commit');
    if (pending.length > 0)
      log.info({ migrations: pending.map(({ tag }) => tag) }, 'database schema brought up to date');
    return pending.map(({ tag }) => tag);
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function findPending(client: PoolClient, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  await client.query(
    'create table if not exists schema_migrations (tag text primary key, sha256 text not null, applied_at timestamptz not null default now())',
  );
  const { rows: applied } = await client.query<{ tag: string; sha256: string }>(
    'select tag, sha256 from schema_migrations order by tag',
  );
  for (const { tag, sha256 } of applied) {
    const known = migrations.find((migration) => migration.tag === tag);
    if (!known) throw incompatible(`its schema has the migration "${tag}" of a newer version of this server`);
    if (known.sha256 !== sha256) throw incompatible(`its migration "${tag}" was made by another build`);
  }
  return migrations.slice(applied.length);
}

async function apply(client: PoolClient, { tag, sha256, sql }: Migration): Promise<void> {
  try {
    for (const statement of sql.split('--> statement-breakpoint')) await client.query(statement);
    await client.query('insert into schema_migrations (tag, sha256) values ($1, $2)', [tag, sha256]);
  } catch (error) {
    throw incompatible(`migration "${tag}" failed: ${describeError(error)}`, error);
  }
}

function incompatible(problem: string, cause?: unknown): CodedError {
  return new CodedError('database_incompatible', { problem }, { cause });
}
