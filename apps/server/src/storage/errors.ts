import { CodedError, describeError } from '@media-analyzer/protocol';

/** SQLSTATE classes and codes that say "not now" (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const AWAY_CLASSES = new Set([
  '08', // connection exception
  '57', // operator intervention: shutting down, starting up, crash
  '53', // insufficient resources: too many connections, disk full
]);
/** A conflict of two transactions: the next try may pass. */
const CONFLICTS = new Set(['40001', '40P01', '55P03']);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
/** What node-postgres throws without a code. */
const CLIENT_TEXTS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|query read timeout|database thread|embedded database/i;
/** PostgreSQL's foreign key violation: what the row belongs to is gone. */
const FOREIGN_KEY_VIOLATION = '23503';

/**
 * What a repository throws in place of a driver's error. Drizzle's own error text holds the statement's parameters, which
 * may be a stream key, so only its cause goes on.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  const cause = driverError(error);
  return isAway(cause) ? new CodedError('database_unreachable', { problem: describeError(cause) }, { cause }) : cause;
}

/** The same statement may pass later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof CodedError) return error.code === 'database_unreachable';
  const cause = driverError(error);
  return isAway(cause) || CONFLICTS.has(codeOf(cause));
}

/** What the row was to belong to does not exist, or no longer. */
export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(driverError(error)) === FOREIGN_KEY_VIOLATION;
}

function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (AWAY_CLASSES.has(code.slice(0, 2)) && code.length === 5) return true;
  if (NETWORK.has(code)) return true;
  return code === '' && error instanceof Error && CLIENT_TEXTS.test(error.message);
}

/** The innermost error: drizzle wraps what the driver threw. */
function driverError(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined && !(error instanceof CodedError)
    ? driverError(error.cause)
    : error;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
