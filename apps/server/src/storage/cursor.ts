import { CodedError, type Page } from '@media-analyzer/protocol';
import { z } from 'zod';

/**
 * Where a page ended, in a text that clients hand back without reading it. A page is found by the key of its last row and
 * not by counting, so rows that come or go in between neither repeat nor hide others.
 */
export class Cursor<T> {
  constructor(private readonly schema: z.ZodType<T>) {}

  encode(key: T): string {
    return Buffer.from(JSON.stringify(key)).toString('base64url');
  }

  /** @throws CodedError `cursor_invalid` */
  decode(cursor: string): T {
    const parsed = this.schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (!parsed.success) throw new CodedError('cursor_invalid', { cursor });
    return parsed.data;
  }

  /** A page out of `limit + 1` rows: the row too many says that there is a next page. */
  page<Row, Item>(rows: readonly Row[], limit: number, make: { key(row: Row): T; item(row: Row): Item }): Page<Item> {
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map(make.item),
      nextCursor: rows.length > limit && last ? this.encode(make.key(last)) : null,
    };
  }
}

/** Pages in order of id. */
export const idCursor = new Cursor(z.string().min(1).max(64));
/** Pages in order of PTS, ms. */
export const ptsCursor = new Cursor(z.number().nonnegative());

/** Pages of intervals: when one begins, ms, and its track. */
export const intervalCursor = new Cursor<readonly [number, number]>(
  z.tuple([z.number().nonnegative(), z.number().int()]),
);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
