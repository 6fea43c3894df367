import {
  type AudioInfo,
  CodedError,
  type FrameCounts,
  type Gap,
  type Page,
  type Session,
  type SessionEndReason,
  type VideoInfo,
} from '@media-analyzer/protocol';
import { and, desc, eq, inArray, isNotNull, isNull, lt, not, type SQL, sql } from 'drizzle-orm';
import { idCursor } from './cursor.js';
import type { Database } from './database.js';
import { isForeignKeyViolation } from './errors.js';
import { IdMaker } from './ids.js';
import { gaps, sessions } from './schema.js';
import type { PageRequest } from './stream-repository.js';

export interface NewSession {
  readonly streamId: string;
  /** Unix ms of PTS 0. */
  readonly epochAt: number;
  /** Unix ms; now when left out. */
  readonly startedAt?: number;
  readonly video?: VideoInfo | null;
  readonly audio?: AudioInfo | null;
  readonly publisher?: Session['publisher'];
}

/** What is left out stays as it is. */
export interface SessionChange {
  readonly video?: VideoInfo | null | undefined;
  readonly audio?: AudioInfo | null | undefined;
  readonly publisher?: Session['publisher'] | undefined;
  readonly frames?: FrameCounts | undefined;
  /** Adding a segment keeps it already. It never goes back. */
  readonly durationMs?: number | undefined;
}

export interface SessionEnd {
  /** Unix ms. */
  readonly endedAt: number;
  readonly endReason: SessionEndReason;
}

/** Sessions: one airing of a stream each. */
export class SessionRepository {
  private readonly ids: IdMaker;

  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {
    this.ids = new IdMaker(now);
  }

  /** @throws CodedError `stream_not_found` */
  async start({
    streamId,
    epochAt,
    startedAt = this.now(),
    video = null,
    audio = null,
    publisher = null,
  }: NewSession): Promise<Session> {
    const row = { id: this.ids.next(), streamId, epochAt, startedAt, video, audio, ...publisherColumns(publisher) };
    try {
      const rows = await this.database.run((orm) => orm.insert(sessions).values(row).returning());
      return toSession(rows[0]!, []);
    } catch (error) {
      throw isForeignKeyViolation(error) ? new CodedError('stream_not_found', { streamId }) : error;
    }
  }

  /** Null when there is none, as after the stream was removed. */
  async find(sessionId: string): Promise<Session | null> {
    return (await this.select(eq(sessions.id, sessionId), 1))[0] ?? null;
  }

  /** @throws CodedError `session_not_found` */
  async get(streamId: string, sessionId: string): Promise<Session> {
    const found = await this.find(sessionId);
    if (found?.streamId === streamId) return found;
    throw new CodedError('session_not_found', { streamId, sessionId });
  }

  /** The newest session of a stream, on air or not, or null. */
  async newest(streamId: string): Promise<Session | null> {
    return (await this.select(eq(sessions.streamId, streamId), 1))[0] ?? null;
  }

  /** The newest session of each of these streams that has one, by stream id: what a list of streams shows. */
  async newestOf(streamIds: readonly string[]): Promise<ReadonlyMap<string, Session>> {
    if (streamIds.length === 0) return new Map();
    const rows = await this.database.run((orm) =>
      orm
        .select({ id: sql<string>`max(${sessions.id})` })
        .from(sessions)
        .where(inArray(sessions.streamId, [...streamIds]))
        .groupBy(sessions.streamId),
    );
    const ids = rows.map(({ id }) => id);
    const found = ids.length === 0 ? [] : await this.select(inArray(sessions.id, ids), ids.length);
    return new Map(found.map((session) => [session.streamId, session]));
  }

  /** Newest first. */
  async list(streamId: string, { limit, cursor }: PageRequest): Promise<Page<Session>> {
    const before = cursor === undefined ? undefined : lt(sessions.id, idCursor.decode(cursor));
    const found = await this.select(and(eq(sessions.streamId, streamId), before), limit + 1);
    return idCursor.page(found, limit, { key: (session) => session.id, item: (session) => session });
  }

  /** Nothing happens when the session is gone: the stream may have been removed while it was on air. */
  async update(sessionId: string, { video, audio, publisher, frames, durationMs }: SessionChange): Promise<void> {
    const values = {
      video,
      audio,
      frames,
      ...(publisher !== undefined && publisherColumns(publisher)),
      ...(durationMs !== undefined && {
        durationMs: sql`greatest(${sessions.durationMs}, ${durationMs}::double precision)`,
      }),
    };
    if (Object.values(values).every((value) => value === undefined)) return;
    await this.database.run((orm) => orm.update(sessions).set(values).where(eq(sessions.id, sessionId)));
  }

  /** Records a stretch without media. Nothing happens when the session is gone. */
  async addGap(sessionId: string, { fromMs, toMs, reason }: Gap): Promise<void> {
    try {
      await this.database.run((orm) => orm.insert(gaps).values({ sessionId, fromMs, toMs, reason }));
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
    }
  }

  /** Ends a session. One that has ended keeps its first end. */
  async end(sessionId: string, { endedAt, endReason }: SessionEnd): Promise<void> {
    await this.database.run((orm) =>
      orm
        .update(sessions)
        .set({ endedAt, endReason })
        .where(and(eq(sessions.id, sessionId), isNull(sessions.endedAt))),
    );
  }

  /** Removes a session that came to nothing, with whatever was recorded of it. One that is gone already is no error. */
  async discard(sessionId: string): Promise<void> {
    await this.database.run((orm) => orm.delete(sessions).where(eq(sessions.id, sessionId)));
  }

  /**
   * Removes a session that has ended, with everything that rows know of it; the objects are the caller's.
   * @returns false when it is on air or gone
   */
  async remove(sessionId: string): Promise<boolean> {
    const removed = await this.database.run((orm) =>
      orm
        .delete(sessions)
        .where(and(eq(sessions.id, sessionId), isNotNull(sessions.endedAt)))
        .returning({ id: sessions.id }),
    );
    return removed.length > 0;
  }

  /**
   * Closes what was on air when the server died, at the end of its last stored media. To be called at the start, before
   * anything is on air.
   *
   * @returns the sessions that it closed
   */
  async closeInterrupted(): Promise<readonly Session[]> {
    const rows = await this.database.run((orm) =>
      orm
        .update(sessions)
        .set({
          endedAt: sql`greatest(${sessions.startedAt}, ${sessions.epochAt} + round(${sessions.durationMs})::bigint)`,
          endReason: 'server_died',
        })
        .where(isNull(sessions.endedAt))
        .returning({ id: sessions.id }),
    );
    const ids = rows.map(({ id }) => id);
    return ids.length === 0 ? [] : this.select(inArray(sessions.id, ids), ids.length);
  }

  /**
   * Removes ended sessions of a stream that ended before `before` (Unix ms) and of which neither media nor analyses are left.
   * @returns their ids
   */
  async removeEmpty(streamId: string, before: number): Promise<readonly string[]> {
    const holds = (table: string) =>
      sql`exists (select 1 from ${sql.identifier(table)} h where h.session_id = sessions.id)`;
    const rows = await this.database.run((orm) =>
      orm
        .delete(sessions)
        .where(
          and(
            eq(sessions.streamId, streamId),
            lt(sessions.endedAt, before),
            not(holds('segments')),
            not(holds('inits')),
            not(holds('analyses')),
          ),
        )
        .returning({ id: sessions.id }),
    );
    return rows.map(({ id }) => id);
  }

  /** Newest first, each with its gaps, in one statement: a gap that is added meanwhile is seen whole or not at all. */
  private async select(condition: SQL | undefined, limit: number): Promise<readonly Session[]> {
    // Names are spelt out: drizzle leaves the table out of columns when a select has one table, and `id` is in both.
    const gapList = sql<Gap[]>`coalesce((
      select json_agg(json_build_object('fromMs', from_ms, 'toMs', to_ms, 'reason', reason) order by from_ms, gaps.id)
      from gaps where session_id = sessions.id), '[]'::json)`;
    const rows = await this.database.run((orm) =>
      orm
        .select({ session: sessions, gaps: gapList })
        .from(sessions)
        .where(condition)
        .orderBy(desc(sessions.id))
        .limit(limit),
    );
    return rows.map((row) => toSession(row.session, row.gaps));
  }
}

function publisherColumns(publisher: Session['publisher']) {
  return { publisherAddress: publisher?.address ?? null, publisherEncoder: publisher?.encoder ?? null };
}

function toSession(
  { publisherAddress, publisherEncoder, ...rest }: typeof sessions.$inferSelect,
  sessionGaps: Gap[],
): Session {
  const publisher = publisherAddress === null ? null : { address: publisherAddress, encoder: publisherEncoder };
  return { ...rest, publisher, gaps: sessionGaps };
}
