import type { AudioInfo, VideoInfo } from '@media-analyzer/protocol';
import { and, asc, eq, gt, inArray, isNotNull, lt, not, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Database, Orm } from './database.js';
import { inits, segments, sessions } from './schema.js';

export interface NewInit {
  readonly sessionId: string;
  /** Name of the object in the session's folder (`mediaKey`). */
  readonly name: string;
  readonly bytes: number;
  /** RFC 6381; none when left out. */
  readonly codecs?: readonly string[];
  readonly video?: VideoInfo | null;
  readonly audio?: AudioInfo | null;
}

export interface InitRecord extends Required<NewInit> {
  /** Unix ms. */
  readonly createdAt: number;
}

export interface NewSegment {
  readonly sessionId: string;
  /** Media sequence number. */
  readonly msn: number;
  /** Name of the object in the session's folder (`mediaKey`); one of its kind in the session. */
  readonly name: string;
  readonly initName: string;
  /** Earliest PTS, on the session clock, ms. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Size of the object; counted as 0 when `gap` is set. */
  readonly bytes: number;
  /** A discontinuity lies before it. */
  readonly discontinuity: boolean;
  /** Begins with a keyframe. */
  readonly independent: boolean;
  /** Its media were lost (`EXT-X-GAP`): no object lies behind it. */
  readonly gap: boolean;
}

/** A segment as it is stored. */
export interface SegmentRecord extends NewSegment {
  readonly id: number;
}

/** A segment with what retention needs to know of its session. */
export interface AgedSegment extends SegmentRecord {
  /** Unix ms of the segment's end. */
  readonly endedAt: number;
  /** The session is on air. */
  readonly live: boolean;
  /** How far the segment's end lies behind the session's newest media, ms. */
  readonly behindLiveMs: number;
}

export interface TimeRange {
  /** First moment on the session clock, inclusive, ms. */
  readonly fromMs?: number;
  /** Exclusive, ms. */
  readonly toMs?: number;
}

/** Segments and their init segments. `Session.storedBytes` and `durationMs` are kept in the same transactions. */
export class SegmentRepository {
  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {}

  /** Says that the object is stored. Adding it again changes nothing. False when the session is gone. */
  async addInit(init: NewInit): Promise<boolean> {
    return this.database.transaction(async (orm) => {
      if (!(await lockSession(orm, init.sessionId))) return false;
      const row = { video: null, audio: null, ...init, codecs: [...(init.codecs ?? [])], createdAt: this.now() };
      const added = await orm.insert(inits).values(row).onConflictDoNothing().returning({ bytes: inits.bytes });
      if (added.length > 0) await addBytes(orm, init.sessionId, init.bytes);
      return true;
    });
  }

  /**
   * Says that the object is stored, and moves the end of the session. Adding the same name again changes nothing. False
   * when the session is gone: the stream was removed, and the caller deletes the object.
   */
  async add(segment: NewSegment): Promise<boolean> {
    return this.database.transaction(async (orm) => {
      if (!(await lockSession(orm, segment.sessionId))) return false;
      const bytes = segment.gap ? 0 : segment.bytes;
      const added = await orm
        .insert(segments)
        .values({ ...segment, bytes })
        .onConflictDoNothing()
        .returning({ id: segments.id });
      if (added.length > 0) {
        await orm
          .update(sessions)
          .set({
            storedBytes: sql`${sessions.storedBytes} + ${bytes}::bigint`,
            durationMs: sql`greatest(${sessions.durationMs}, ${segment.startMs + segment.durationMs}::double precision)`,
          })
          .where(eq(sessions.id, segment.sessionId));
      }
      return true;
    });
  }

  /** Segments that touch the range, in order of time. */
  async listForSession(sessionId: string, { fromMs, toMs }: TimeRange = {}): Promise<readonly SegmentRecord[]> {
    const conditions = [
      eq(segments.sessionId, sessionId),
      ...(fromMs === undefined ? [] : [gt(sql`${segments.startMs} + ${segments.durationMs}`, fromMs)]),
      ...(toMs === undefined ? [] : [lt(segments.startMs, toMs)]),
    ];
    return this.database.run((orm) =>
      orm
        .select()
        .from(segments)
        .where(and(...conditions))
        .orderBy(asc(segments.startMs), asc(segments.id)),
    );
  }

  async listInits(sessionId: string): Promise<readonly InitRecord[]> {
    return this.database.run((orm) =>
      orm.select().from(inits).where(eq(inits.sessionId, sessionId)).orderBy(asc(inits.createdAt), asc(inits.name)),
    );
  }

  /** The oldest segments of a stream, over all its sessions. */
  async oldest(streamId: string, limit: number): Promise<readonly AgedSegment[]> {
    const rows = await this.database.run((orm) =>
      orm
        .select({
          segment: segments,
          epochAt: sessions.epochAt,
          endedAt: sessions.endedAt,
          sessionMs: sessions.durationMs,
        })
        .from(segments)
        .innerJoin(sessions, eq(segments.sessionId, sessions.id))
        .where(eq(sessions.streamId, streamId))
        // Session ids ascend with time.
        .orderBy(asc(segments.sessionId), asc(segments.startMs), asc(segments.id))
        .limit(limit),
    );
    return rows.map(({ segment, epochAt, endedAt, sessionMs }) => {
      const endMs = segment.startMs + segment.durationMs;
      return { ...segment, endedAt: epochAt + endMs, live: endedAt === null, behindLiveMs: sessionMs - endMs };
    });
  }

  /** What is stored of a stream, inits included. */
  async totals(streamId: string): Promise<{ readonly segments: number; readonly bytes: number }> {
    const rows = await this.database.run((orm) =>
      orm
        .select({
          bytes: sql`coalesce(sum(${sessions.storedBytes}), 0)`.mapWith(Number),
          segments: sql`coalesce(sum((select count(*) from segments where session_id = sessions.id)), 0)`.mapWith(
            Number,
          ),
        })
        .from(sessions)
        .where(eq(sessions.streamId, streamId)),
    );
    return rows[0] ?? { segments: 0, bytes: 0 };
  }

  /** Bytes stored of all streams. */
  async totalBytes(): Promise<number> {
    const rows = await this.database.run((orm) =>
      orm.select({ bytes: sql`coalesce(sum(${sessions.storedBytes}), 0)`.mapWith(Number) }).from(sessions),
    );
    return rows[0]?.bytes ?? 0;
  }

  /** Removes rows; the objects are the caller's. Ids that are gone already are passed over. */
  async remove(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database.transaction(async (orm) => {
      const removed = await orm
        .delete(segments)
        .where(inArray(segments.id, [...ids]))
        .returning({ sessionId: segments.sessionId, bytes: segments.bytes });
      const freed = new Map<string, number>();
      for (const { sessionId, bytes } of removed) freed.set(sessionId, (freed.get(sessionId) ?? 0) + bytes);
      // In one order everywhere, so that two removals cannot wait for each other.
      for (const [sessionId, bytes] of [...freed].sort(([a], [b]) => (a < b ? -1 : 1)))
        await addBytes(orm, sessionId, -bytes);
    });
  }

  /** Init segments of a stream's ended sessions that no segment names. One on air may be about to be named. */
  async listUnusedInits(streamId: string): Promise<readonly { readonly sessionId: string; readonly name: string }[]> {
    const named = sql`exists (select 1 from segments g where g.session_id = ${inits.sessionId} and g.init_name = ${inits.name})`;
    return this.database.run((orm) =>
      orm
        .select({ sessionId: inits.sessionId, name: inits.name })
        .from(inits)
        .innerJoin(sessions, eq(inits.sessionId, sessions.id))
        .where(and(eq(sessions.streamId, streamId), isNotNull(sessions.endedAt), not(named))),
    );
  }

  /** Removes the row of an init segment; the object is the caller's. */
  async removeInit(sessionId: string, name: string): Promise<void> {
    await this.database.transaction(async (orm) => {
      const removed = await orm
        .delete(inits)
        .where(and(eq(inits.sessionId, sessionId), eq(inits.name, name)))
        .returning({ bytes: inits.bytes });
      if (removed[0]) await addBytes(orm, sessionId, -removed[0].bytes);
    });
  }

  /** Names of all objects that the rows of a session speak of. */
  async objectNames(sessionId: string): Promise<ReadonlySet<string>> {
    const rows = await this.database.run((orm) =>
      unionAll(
        orm.select({ name: inits.name }).from(inits).where(eq(inits.sessionId, sessionId)),
        orm
          .select({ name: segments.name })
          .from(segments)
          .where(and(eq(segments.sessionId, sessionId), eq(segments.gap, false))),
      ),
    );
    return new Set(rows.map(({ name }) => name));
  }
}

/** Holds off the removal of the session until the transaction ends, and writers of its totals. */
async function lockSession(orm: Orm, sessionId: string): Promise<boolean> {
  const rows = await orm.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, sessionId)).for('update');
  return rows.length > 0;
}

async function addBytes(orm: Orm, sessionId: string, bytes: number): Promise<void> {
  await orm
    .update(sessions)
    .set({ storedBytes: sql`${sessions.storedBytes} + ${bytes}::bigint` })
    .where(eq(sessions.id, sessionId));
}
