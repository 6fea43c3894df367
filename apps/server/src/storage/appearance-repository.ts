import {
  type Analysis,
  type Appearance,
  addToAppearances,
  appearanceId,
  type IntervalFilter,
  type Page,
} from '@media-analyzer/protocol';
import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { intervalCursor } from './cursor.js';
import type { Database, Orm } from './database.js';
import { appearances, sessions } from './schema.js';
import type { PageRequest } from './stream-repository.js';
import { CERTAINTIES, countsForViewer } from './viewer-filter.js';

/** Which appearances of which session. */
export interface AppearanceRequest extends PageRequest, Omit<IntervalFilter, 'session' | 'kind'> {
  readonly streamId: string;
  readonly sessionId: string;
}

/**
 * Adds analyses that were just written to the appearances of their sessions, in the same transaction. Firsts, lasts and
 * bests only, so the order of batches does not matter and an analysis may come twice.
 */
export async function mergeAppearances(orm: Orm, written: readonly Analysis[]): Promise<void> {
  const bySession = new Map<string, Map<number, Appearance>>();
  for (const analysis of written) {
    const ofSession = bySession.get(analysis.sessionId) ?? new Map<number, Appearance>();
    bySession.set(analysis.sessionId, ofSession);
    addToAppearances(ofSession, analysis);
  }
  const rows = [...bySession.values()].flatMap((ofSession) => [...ofSession.values()].map(toRow));
  if (rows.length === 0) return;
  await orm.execute(sql`
    insert into appearances as a (session_id, track_id, label, from_ms, to_ms, score, status, model, certainty, sure_ms,
      very_sure_ms, best_ms, best_score, best_box)
    select session, track, label, "from", "to", score, status, model, certainty, sure, very_sure, best, best_score, array[x, y, w, h]
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (session text, track int, label text, "from" double precision,
      "to" double precision, score real, status text, model text, certainty smallint, sure double precision,
      very_sure double precision, best double precision, best_score real, x real, y real, w real, h real)
    order by session, track
    on conflict (session_id, track_id) do update set
      label = case when excluded.to_ms >= a.to_ms then excluded.label else a.label end,
      model = case when excluded.to_ms >= a.to_ms then excluded.model else a.model end,
      from_ms = least(a.from_ms, excluded.from_ms),
      to_ms = greatest(a.to_ms, excluded.to_ms),
      score = greatest(a.score, excluded.score),
      status = case when a.status = 'final' and excluded.status = 'final' then 'final' else 'provisional' end,
      certainty = greatest(a.certainty, excluded.certainty),
      sure_ms = least(a.sure_ms, excluded.sure_ms),
      very_sure_ms = least(a.very_sure_ms, excluded.very_sure_ms),
      best_ms = case when (excluded.best_score, -excluded.best_ms) > (a.best_score, -a.best_ms) then excluded.best_ms else a.best_ms end,
      best_box = case when (excluded.best_score, -excluded.best_ms) > (a.best_score, -a.best_ms) then excluded.best_box else a.best_box end,
      best_score = greatest(a.best_score, excluded.best_score)`);
}

/** The stays of objects in the picture, one row each. Written with the analyses that they are made of. */
export class AppearanceRepository {
  constructor(private readonly database: Database) {}

  /** Appearances of one session, by the time at which they begin. @throws CodedError `cursor_invalid` */
  async query(request: AppearanceRequest): Promise<Page<Appearance>> {
    const { streamId, sessionId, limit, cursor, order, from, to } = request;
    const newest = order === 'newest';
    const after = cursor === undefined ? null : intervalCursor.decode(cursor);
    const key = sql`(${appearances.fromMs}, ${appearances.trackId})`;
    const conditions = [
      eq(sessions.id, sessionId),
      eq(sessions.streamId, streamId),
      ...countsForViewer(request),
      ...(from === undefined ? [] : [gte(appearances.toMs, from)]),
      ...(to === undefined ? [] : [lt(appearances.fromMs, to)]),
      ...(after === null
        ? []
        : [newest ? sql`${key} < (${after[0]}, ${after[1]})` : sql`${key} > (${after[0]}, ${after[1]})`]),
    ];
    const direction = newest ? desc : asc;
    const rows = await this.database.run((orm) =>
      orm
        .select({ row: appearances })
        .from(appearances)
        .innerJoin(sessions, eq(appearances.sessionId, sessions.id))
        .where(and(...conditions))
        .orderBy(direction(appearances.fromMs), direction(appearances.trackId))
        .limit(limit + 1),
    );
    return intervalCursor.page(rows, limit, {
      key: ({ row }) => [row.fromMs, row.trackId],
      item: ({ row }) => fromRow(row),
    });
  }
}

/** Removes appearances of a stream that ended before `before` (Unix ms), at most `limit` of them. */
export async function removeAppearancesBefore(
  orm: Orm,
  request: { streamId: string; before: number; limit: number },
): Promise<void> {
  const { streamId, before, limit } = request;
  await orm.execute(sql`
    delete from appearances where (session_id, track_id) in (
      select a.session_id, a.track_id from sessions s join appearances a on a.session_id = s.id
      where s.stream_id = ${streamId} and a.to_ms < ${before}::double precision - s.epoch_at limit ${limit})`);
}

function toRow(appearance: Appearance) {
  const { sessionId, trackId, label, fromMs, toMs, score, status, model, certainty, sureMs, verySureMs } = appearance;
  const best = appearance.evidence[0];
  const [x = 0, y = 0, w = 0, h = 0] = best?.box ?? [];
  return {
    ...{ session: sessionId, track: trackId, label, from: fromMs, to: toMs, score, status, model, x, y, w, h },
    ...{ certainty: CERTAINTIES.indexOf(certainty), sure: sureMs, very_sure: verySureMs },
    ...{ best: best?.ptsMs ?? fromMs, best_score: best?.score ?? 0 },
  };
}

function fromRow(row: typeof appearances.$inferSelect): Appearance {
  const { sessionId, trackId, label, fromMs, toMs, score, status, model, sureMs, verySureMs } = row;
  const [x = 0, y = 0, width = 0, height = 0] = row.bestBox;
  return {
    ...{ id: appearanceId(sessionId, trackId), kind: 'appearance', label, fromMs, toMs, score, status, coverage: null },
    evidence: [{ ptsMs: row.bestMs, box: [x, y, width, height], score: row.bestScore }],
    ...{ sessionId, trackId, model, certainty: CERTAINTIES[row.certainty] ?? 'raw', sureMs, verySureMs },
  };
}
