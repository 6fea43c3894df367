import type { AudioInfo, VideoInfo } from '@media-analyzer/protocol';
import { and, asc, eq, gt, inArray, isNotNull, lt, not, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Database, Orm } from './database.js';
import { GroupCommit } from './group-commit.js';
import { pictureName } from './picture-repository.js';
import { inits, pictures, segments, sessions } from './schema.js';

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
  private readonly additions: GroupCommit<NewSegment, boolean>;

  /** @param options.gatherMs how long a segment waits for those of other sessions, to be written with them, ms; default 0 */
  constructor(
    private readonly database: Database,
    { gatherMs = 0 }: { readonly gatherMs?: number } = {},
  ) {
    this.additions = new GroupCommit({ gatherMs, write: (group) => this.addAll(group) });
  }

  /** Says that the object is stored. Adding it again changes nothing. False when the session is gone. */
  async addInit(init: NewInit): Promise<boolean> {
    return this.database.transaction(async (orm) => {
      if (!(await lockSession(orm, init.sessionId))) return false;
      const row = { video: null, audio: null, ...init, codecs: [...(init.codecs ?? [])], createdAt: Date.now() };
      const added = await orm.insert(inits).values(row).onConflictDoNothing().returning({ bytes: inits.bytes });
      if (added.length > 0) await addBytes(orm, init.sessionId, init.bytes);
      return true;
    });
  }

  /**
   * Says that the object is stored, and moves the end of the session. Adding the same name again changes nothing. False
   * when the session is gone: the stream was removed, and the caller deletes the object.
   */
  add(segment: NewSegment): Promise<boolean> {
    return this.additions.add(segment);
  }

  /** The server stops: nothing waits for others any more. */
  hurry(): void {
    this.additions.hurry();
  }

  /** In one statement, as each one is a round trip, whatever it says. The rows come as one parameter. */
  private async addAll(group: readonly NewSegment[]): Promise<readonly boolean[]> {
    const { rows } = await this.database.run((orm) =>
      orm.execute<{ id: string }>(sql`
        with new as (
          select * from json_to_recordset(${JSON.stringify(group)}::json) as segment (
            "sessionId" text, msn integer, name text, "initName" text, "startMs" double precision,
            "durationMs" double precision, bytes bigint, discontinuity boolean, independent boolean, gap boolean)
        ), held as (
          select id from sessions where id in (select "sessionId" from new) order by id for update
        ), added as (
          insert into segments
            (session_id, msn, name, init_name, start_ms, duration_ms, bytes, discontinuity, independent, gap)
          select "sessionId", msn, name, "initName", "startMs", "durationMs", case when gap then 0 else bytes end,
            discontinuity, independent, gap
          from new join held on held.id = new."sessionId"
          on conflict do nothing
          returning session_id, bytes, start_ms + duration_ms as end_ms
        ), counted as (
          update sessions
          set stored_bytes = stored_bytes + more.bytes, duration_ms = greatest(duration_ms, more.end_ms)
          from (select session_id, sum(bytes)::bigint as bytes, max(end_ms) as end_ms from added group by 1) more
          where sessions.id = more.session_id
        )
        select id from held`),
    );
    const held = new Set(rows.map(({ id }) => id));
    return group.map(({ sessionId }) => held.has(sessionId));
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

  /** Bytes of stored media, by stream; those without any are left out. */
  async bytesOfStreams(): Promise<ReadonlyMap<string, number>> {
    const bytes = sql`sum(${sessions.storedBytes})`.mapWith(Number);
    const rows = await this.database.run((orm) =>
      orm.select({ streamId: sessions.streamId, bytes }).from(sessions).groupBy(sessions.streamId),
    );
    return new Map(rows.filter((row) => row.bytes > 0).map((row) => [row.streamId, row.bytes]));
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

  /** Start of the oldest stored media of each of these sessions, ms. Sessions of which none are left are left out. */
  async firstMediaOf(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (sessionIds.length === 0) return new Map();
    const rows = await this.database.run((orm) =>
      orm.execute<{ id: string; first_ms: number }>(sql`
        select s.id, m.start_ms as first_ms from sessions s
        join lateral (select start_ms from segments g where g.session_id = s.id and not g.gap order by start_ms limit 1) m on true
        where s.id in (select json_array_elements_text(${JSON.stringify(sessionIds)}::json))`),
    );
    return new Map(rows.rows.map(({ id, first_ms }) => [id, first_ms]));
  }

  /** How many init segments each of these sessions has: it is one file for each. */
  async initCounts(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (sessionIds.length === 0) return new Map();
    const rows = await this.database.run((orm) =>
      orm
        .select({ id: inits.sessionId, count: sql`count(*)`.mapWith(Number) })
        .from(inits)
        .where(inArray(inits.sessionId, [...sessionIds]))
        .groupBy(inits.sessionId),
    );
    return new Map(rows.map(({ id, count }) => [id, count]));
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
    const small = await this.database.run((orm) =>
      orm.select({ ptsMs: pictures.ptsMs }).from(pictures).where(eq(pictures.sessionId, sessionId)),
    );
    return new Set([...rows.map(({ name }) => name), ...small.map(({ ptsMs }) => pictureName(ptsMs))]);
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
