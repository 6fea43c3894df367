import { CodedError, describeError, type Page, type Problem } from '@media-analyzer/protocol';

/** Most items that are read into one list, so that a wrong cursor cannot read for ever. */
const MAX_PAGES = 100;

/** All items of a paged list. */
export async function listAll<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}

/** For look-ups where a missing stream is an answer. */
export function nullIfNotFound(error: unknown): null {
  if (error instanceof CodedError && error.code === 'stream_not_found') return null;
  throw error;
}

/** An error as an answer carries it. */
export function asProblem(error: unknown): Problem {
  const { code, message, details } =
    error instanceof CodedError ? error : new CodedError('database_unreachable', { problem: describeError(error) });
  return { code, message, details: { ...details } };
}

/** IPv6 addresses stand in brackets. */
export function hostForUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
