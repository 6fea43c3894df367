import { inArray, sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { GroupCommit } from './group-commit.js';
import { pictures } from './schema.js';

export interface PictureRecord {
  readonly sessionId: string;
  /** Whole milliseconds on the session's clock. */
  readonly ptsMs: number;
  /** Size of the object, bytes. */
  readonly bytes: number;
}

/** Name of a picture in its session's folder (`mediaKey`). */
export function pictureName(ptsMs: number): string {
  return `pic-${ptsMs}.jpg`;
}

/** Small pictures of sessions. Their bytes count into `Session.storedBytes`, in the same transactions. */
export class PictureRepository {
  private readonly additions: GroupCommit<PictureRecord, boolean>;

  /** @param options.gatherMs how long a picture waits for those of other sessions, to be written with them, ms; default 0 */
  constructor(
    private readonly database: Database,
    { gatherMs = 0 }: { readonly gatherMs?: number } = {},
  ) {
    this.additions = new GroupCommit({ gatherMs, write: (group) => this.addAll(group) });
  }

  /** Says that the object is stored. Adding it again changes nothing. False when the session is gone. */
  add(picture: PictureRecord): Promise<boolean> {
    return this.additions.add(picture);
  }

  /** The server stops: nothing waits for others any more. */
  hurry(): void {
    this.additions.hurry();
  }

  private async addAll(group: readonly PictureRecord[]): Promise<readonly boolean[]> {
    const { rows } = await this.database.run((orm) =>
      orm.execute<{ id: string }>(sql`
        with new as (
          select * from json_to_recordset(${JSON.stringify(group)}::json)
          as picture ("sessionId" text, "ptsMs" bigint, bytes bigint)
        ), held as (
          select id from sessions where id in (select "sessionId" from new) order by id for update
        ), added as (
          insert into pictures (session_id, pts_ms, bytes)
          select "sessionId", "ptsMs", bytes from new join held on held.id = new."sessionId"
          on conflict do nothing
          returning session_id, bytes
        ), counted as (
          update sessions set stored_bytes = stored_bytes + more.bytes
          from (select session_id, sum(bytes)::bigint as bytes from added group by 1) more
          where sessions.id = more.session_id
        )
        select id from held`),
    );
    const held = new Set(rows.map(({ id }) => id));
    return group.map(({ sessionId }) => held.has(sessionId));
  }

  /**
   * PTS of the picture at or right before `atMs`, else of the first one after it; null when the session has none. `settled`:
   * there is a later one, so that the answer stays the same.
   */
  async nearest(
    sessionId: string,
    atMs: number,
  ): Promise<{ readonly ptsMs: number; readonly settled: boolean } | null> {
    const at = Math.min(Math.floor(atMs), Number.MAX_SAFE_INTEGER);
    const { rows } = await this.database.run((orm) =>
      orm.execute<{ pts_ms: string | number; settled: boolean }>(sql`
        select pts_ms, exists (select 1 from pictures where session_id = ${sessionId} and pts_ms > ${at}::bigint) as settled from (
        (select pts_ms, 0 as rank from pictures where session_id = ${sessionId} and pts_ms <= ${at}::bigint order by pts_ms desc limit 1)
        union all
        (select pts_ms, 1 from pictures where session_id = ${sessionId} and pts_ms > ${at}::bigint order by pts_ms limit 1)) found
        order by rank limit 1`),
    );
    const found = rows[0];
    return found ? { ptsMs: Number(found.pts_ms), settled: found.settled } : null;
  }

  /** Those of the sessions that have a picture. */
  async ofWhich(sessionIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (sessionIds.length === 0) return new Set();
    const rows = await this.database.run((orm) =>
      orm
        .selectDistinct({ sessionId: pictures.sessionId })
        .from(pictures)
        .where(inArray(pictures.sessionId, [...sessionIds])),
    );
    return new Set(rows.map(({ sessionId }) => sessionId));
  }

  /** Pictures of a stream's sessions from before the oldest media that are left of them, at most `limit`. */
  async listOutlived(streamId: string, limit: number): Promise<readonly PictureRecord[]> {
    const { rows } = await this.database.run((orm) =>
      orm.execute<{ session_id: string; pts_ms: string | number; bytes: string | number }>(sql`
        select p.session_id, p.pts_ms, p.bytes from sessions s
        join lateral (select min(start_ms) as first_ms from segments g where g.session_id = s.id) m on true
        join pictures p on p.session_id = s.id and (p.pts_ms < floor(m.first_ms) or (m.first_ms is null and s.ended_at is not null))
        where s.stream_id = ${streamId} limit ${limit}`),
    );
    return rows.map((row) => ({ sessionId: row.session_id, ptsMs: Number(row.pts_ms), bytes: Number(row.bytes) }));
  }

  /** Removes rows of one session; the objects are the caller's. */
  async remove(sessionId: string, ptsMs: readonly number[]): Promise<void> {
    await this.database.run((orm) =>
      orm.execute(sql`
        with gone as (
          delete from pictures where session_id = ${sessionId}
            and pts_ms in (select json_array_elements_text(${JSON.stringify(ptsMs)}::json)::bigint) returning bytes
        )
        update sessions set stored_bytes = stored_bytes - coalesce((select sum(bytes) from gone), 0)::bigint where id = ${sessionId}`),
    );
  }
}
