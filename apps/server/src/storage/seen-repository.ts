import {
  type Analysis,
  MAX_PRESENCE_BINS,
  type Presence,
  type SeenClass,
  type ViewerFilter,
} from '@media-analyzer/protocol';
import { and, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Database, Orm } from './database.js';
import { appearances } from './schema.js';
import { columnsOf, sumOf } from './stays.js';
import { countsForViewer, countsFromMs } from './viewer-filter.js';

const SECOND_MS = 1000;

export interface PresenceRequest {
  readonly sessionId: string;
  /** PTS, ms; widened to whole columns. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Wanted width of a column, ms. Default: as narrow as the number of columns allows. */
  readonly everyMs?: number | undefined;
  readonly filter: ViewerFilter;
}

/**
 * Brings the count of the seconds that these frames fall into up to date; in the transaction that wrote them. Counted anew
 * each time, so that a frame that is written again, or a second that is written in two batches, counts once.
 */
export async function countAnalysed(orm: Orm, frames: readonly Pick<Analysis, 'sessionId' | 'ptsMs'>[]): Promise<void> {
  if (frames.length === 0) return;
  const touched = new Map(
    frames.map(({ sessionId, ptsMs }) => {
      const second = Math.floor(ptsMs / SECOND_MS);
      return [`${sessionId} ${second}`, { s: sessionId, n: second }];
    }),
  );
  await orm.execute(sql`
    insert into analysed_seconds (session_id, second, frames)
    select t.s, t.n, count(*)::int from json_to_recordset(${JSON.stringify([...touched.values()])}::json) as t (s text, n int)
      join analyses a on a.session_id = t.s
        and a.pts_ms >= t.n * ${SECOND_MS}::double precision and a.pts_ms < (t.n + 1) * ${SECOND_MS}::double precision
    group by 1, 2 order by 1, 2
    on conflict (session_id, second) do update set frames = excluded.frames`);
}

/** What was there when for a viewer: folds over the appearances that count for them. */
export class SeenRepository {
  constructor(private readonly database: Database) {}

  /** Classes of each of these sessions, longest seen first. Sessions in which nothing counts are left out. */
  async classesOf(sessionIds: readonly string[], filter: ViewerFilter): Promise<ReadonlyMap<string, SeenClass[]>> {
    const found = new Map<string, SeenClass[]>();
    if (sessionIds.length === 0) return found;
    const rows = await this.stays(inArray(appearances.sessionId, [...sessionIds]), filter);
    const summed = rows.map(({ sessionId, label, stays }) => ({ sessionId, label, ...sumOf(stays) }));
    for (const { sessionId, label, most, lastingMs } of summed.sort((a, b) => b.lastingMs - a.lastingMs)) {
      const classes = found.get(sessionId) ?? [];
      found.set(sessionId, [...classes, { label, most, seconds: Math.max(1, Math.ceil(lastingMs / SECOND_MS)) }]);
    }
    return found;
  }

  async presence({
    sessionId,
    fromMs,
    toMs,
    everyMs: wantedMs = SECOND_MS,
    filter,
  }: PresenceRequest): Promise<Omit<Presence, 'pictures'>> {
    const seconds = Math.max(1, Math.ceil((toMs - fromMs) / SECOND_MS));
    const width = Math.max(Math.ceil(wantedMs / SECOND_MS), Math.ceil(seconds / MAX_PRESENCE_BINS));
    const first = Math.floor(fromMs / SECOND_MS / width);
    const columns = Math.max(0, Math.ceil(toMs / SECOND_MS / width) - first);
    const everyMs = width * SECOND_MS;
    const beginMs = first * everyMs;
    const there = and(
      eq(appearances.sessionId, sessionId),
      lt(appearances.fromMs, beginMs + columns * everyMs),
      gte(appearances.toMs, beginMs),
    );
    const classes = await this.stays(there, filter);
    return {
      sessionId,
      fromMs: beginMs,
      everyMs,
      analysed: await this.analysed({ sessionId, first, width, columns }),
      classes: classes
        .map(({ label, stays }) => ({ label, ...columnsOf(stays, { beginMs, everyMs, columns }) }))
        .filter(({ most }) => most.some((count) => count > 0)),
    };
  }

  /** Forgets seconds of a stream that ended before `before` (Unix ms), as their analyses are. */
  async removeOlderThan(streamId: string, before: number): Promise<void> {
    await this.database.run((orm) =>
      orm.execute(sql`
        delete from analysed_seconds using sessions
        where sessions.id = analysed_seconds.session_id and sessions.stream_id = ${streamId}
          and (analysed_seconds.second + 1) * ${SECOND_MS}::double precision < ${before}::double precision - sessions.epoch_at`),
    );
  }

  /** The stays of what counts, by session and class: one row of two lists each, however many there were. */
  private async stays(where: SQL | undefined, filter: ViewerFilter) {
    const rows = await this.database.run((orm) =>
      orm
        .select({
          sessionId: appearances.sessionId,
          label: appearances.label,
          from: sql<number[]>`json_agg(${countsFromMs(filter)})`,
          to: sql<number[]>`json_agg(${appearances.toMs})`,
        })
        .from(appearances)
        .where(and(where, ...countsForViewer(filter)))
        .groupBy(appearances.sessionId, appearances.label)
        .orderBy(appearances.label),
    );
    return rows.map(({ sessionId, label, from, to }) => ({ sessionId, label, stays: { from, to } }));
  }

  /** Analysed frames in each of the columns, which are `width` seconds wide and counted from the session's start. */
  private async analysed(at: { sessionId: string; first: number; width: number; columns: number }): Promise<number[]> {
    const { sessionId, first, width, columns } = at;
    const { rows } = await this.database.run((orm) =>
      orm.execute<{ place: number; frames: number }>(sql`
        select second / ${width}::int - ${first}::int as place, sum(frames)::int as frames from analysed_seconds
        where session_id = ${sessionId} and second >= ${first * width}::int and second < ${(first + columns) * width}::int
        group by 1`),
    );
    const frames = new Array<number>(columns).fill(0);
    for (const row of rows) frames[row.place] = row.frames;
    return frames;
  }
}
