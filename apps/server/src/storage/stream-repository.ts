import { CodedError, type Page, type ProcessingMode, type Retention, type Stream } from '@media-analyzer/protocol';
import { asc, eq, gt } from 'drizzle-orm';
import { idCursor } from './cursor.js';
import type { Database } from './database.js';
import { hashStreamKey, IdMaker, newStreamKey } from './ids.js';
import { streams } from './schema.js';

/** What is stored of a stream; state, addresses and session are made by those who know them. */
export type StreamRecord = Pick<Stream, 'id' | 'name' | 'streamKey' | 'mode' | 'retention' | 'createdAt' | 'updatedAt'>;

export interface NewStream {
  readonly name: string;
  /** A fresh random key when left out. */
  readonly streamKey?: string;
  readonly mode: ProcessingMode;
  readonly retention: Retention;
}

export interface StreamChange {
  readonly name?: string | undefined;
  readonly mode?: ProcessingMode | undefined;
  /** Limits that are left out stay as they are. */
  readonly retention?: { readonly [Limit in keyof Retention]?: Retention[Limit] | undefined } | undefined;
}

export interface PageRequest {
  /** 1..1000. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Streams and their keys. */
export class StreamRepository {
  private readonly ids: IdMaker;

  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {
    this.ids = new IdMaker(now);
  }

  async create({ name, streamKey = newStreamKey(), mode, retention }: NewStream): Promise<StreamRecord> {
    const at = this.now();
    const row = {
      id: this.ids.next(),
      name,
      mode,
      ...retention,
      ...keyColumns(streamKey),
      createdAt: at,
      updatedAt: at,
    };
    await this.database.run((orm) => orm.insert(streams).values(row));
    return toRecord(row);
  }

  /** Oldest first, so that a wall of streams keeps its order. */
  async list({ limit, cursor }: PageRequest): Promise<Page<StreamRecord>> {
    const after = cursor === undefined ? undefined : gt(streams.id, idCursor.decode(cursor));
    const rows = await this.database.run((orm) =>
      orm
        .select()
        .from(streams)
        .where(after)
        .orderBy(asc(streams.id))
        .limit(limit + 1),
    );
    return idCursor.page(rows, limit, { key: (row) => row.id, item: toRecord });
  }

  /** Null when there is none. */
  async find(streamId: string): Promise<StreamRecord | null> {
    const rows = await this.database.run((orm) => orm.select().from(streams).where(eq(streams.id, streamId)));
    return rows[0] ? toRecord(rows[0]) : null;
  }

  /** @throws CodedError `stream_not_found` */
  async get(streamId: string): Promise<StreamRecord> {
    return (await this.find(streamId)) ?? notFound(streamId);
  }

  /**
   * The stream that a publisher's key belongs to, or null. The key is looked up by its SHA-256 in a unique index: how long
   * the index takes says something about the hash alone, which nobody can steer, so no comparison has to take constant time.
   */
  async findByKey(streamKey: string): Promise<StreamRecord | null> {
    const rows = await this.database.run((orm) =>
      orm
        .select()
        .from(streams)
        .where(eq(streams.streamKeyHash, hashStreamKey(streamKey))),
    );
    return rows[0] ? toRecord(rows[0]) : null;
  }

  /** @throws CodedError `stream_not_found` */
  async update(streamId: string, { name, mode, retention }: StreamChange): Promise<StreamRecord> {
    return this.change(streamId, { name, mode, maxAgeMs: retention?.maxAgeMs, maxBytes: retention?.maxBytes });
  }

  /** Gives the stream a fresh key. The old one is worth nothing from then on. @throws CodedError `stream_not_found` */
  async rotateKey(streamId: string): Promise<StreamRecord> {
    return this.change(streamId, keyColumns(newStreamKey()));
  }

  /**
   * Removes the stream with all rows of its sessions. Its media are the caller's to delete (`mediaPrefix`); what a crash
   * leaves of them, the sweep at the next start takes.
   *
   * @throws CodedError `stream_not_found`
   */
  async remove(streamId: string): Promise<void> {
    const rows = await this.database.run((orm) =>
      orm.delete(streams).where(eq(streams.id, streamId)).returning({ id: streams.id }),
    );
    if (rows.length === 0) notFound(streamId);
  }

  /** Drizzle leaves columns alone whose value is undefined. */
  private async change(streamId: string, values: Partial<typeof streams.$inferInsert>): Promise<StreamRecord> {
    const rows = await this.database.run((orm) =>
      orm
        .update(streams)
        .set({ ...values, updatedAt: this.now() })
        .where(eq(streams.id, streamId))
        .returning(),
    );
    return rows[0] ? toRecord(rows[0]) : notFound(streamId);
  }
}

function keyColumns(streamKey: string): { streamKey: string; streamKeyHash: string } {
  return { streamKey, streamKeyHash: hashStreamKey(streamKey) };
}

type Row = Omit<typeof streams.$inferSelect, 'streamKeyHash'>;

function toRecord({ id, name, streamKey, mode, maxAgeMs, maxBytes, createdAt, updatedAt }: Row): StreamRecord {
  return { id, name, streamKey, mode, retention: { maxAgeMs, maxBytes }, createdAt, updatedAt };
}

function notFound(streamId: string): never {
  throw new CodedError('stream_not_found', { streamId });
}
