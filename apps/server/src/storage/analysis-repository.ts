import type { Analysis, Detection, Page } from '@media-analyzer/protocol';
import { and, asc, eq, gt, gte, lt, sql } from 'drizzle-orm';
import { mergeAppearances, removeAppearancesBefore } from './appearance-repository.js';
import { ptsCursor } from './cursor.js';
import type { Database } from './database.js';
import { analyses, sessions } from './schema.js';
import { countAnalysed } from './seen-repository.js';
import type { PageRequest } from './stream-repository.js';
import { CERTAINTIES } from './viewer-filter.js';

export interface AnalysisRequest extends PageRequest {
  readonly streamId: string;
  readonly sessionId: string;
  /** First PTS, inclusive, ms. */
  readonly fromMs?: number | undefined;
  /** Exclusive, ms. */
  readonly toMs?: number | undefined;
}

/** What became of a batch of analyses. */
export interface AppendResult {
  readonly written: number;
  /** Not written, because the frame has a final analysis already. */
  readonly outranked: number;
  /** Not written, because the session is gone. */
  readonly orphaned: number;
}

/** What the models said of frames. Written through `AnalysisWriter`, which batches. */
export class AnalysisRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes a batch in one transaction, in a handful of statements whatever its size. A frame keeps one analysis: `final` replaces
   * `provisional`, never the other way round; of the same status the newer one stays.
   */
  async append(batch: readonly Analysis[]): Promise<AppendResult> {
    const frames = onePerFrame(batch);
    if (frames.length === 0) return { written: 0, outranked: 0, orphaned: 0 };
    return this.database.transaction(async (orm) => {
      // One JSON parameter for any number of rows: no statement of thousands of placeholders to build and parse. Sessions
      // are held until the end, so that one that is removed meanwhile takes its analyses with it instead of failing ours.
      const held = await orm.execute<{ id: string }>(sql`
        select id from sessions where id in (select json_array_elements_text(${JSON.stringify([...new Set(frames.map((frame) => frame.sessionId))])}::json))
        order by id for key share`);
      const alive = new Set(held.rows.map(({ id }) => id));
      const known = frames.filter((frame) => alive.has(frame.sessionId));
      const rows = known.map(({ detections: _, ...row }, ordinal) => ({ ...row, ordinal }));
      // A row that was inserted has no xmax (the transaction that replaced it): nothing of it is to be deleted.
      const stored = await orm.execute<{ id: string; session_id: string; pts_ms: number; replaced: boolean }>(sql`
        insert into analyses (session_id, pts_ms, captured_at, completed_at, status, model)
        select "sessionId", "ptsMs", "capturedAt", "completedAt", status, model
        from json_to_recordset(${JSON.stringify(rows)}::json) as r
          (ordinal int, "sessionId" text, "ptsMs" double precision, "capturedAt" bigint, "completedAt" bigint, status text, model text)
        order by "sessionId", "ptsMs"
        on conflict (session_id, pts_ms) do update set captured_at = excluded.captured_at, completed_at = excluded.completed_at,
          status = excluded.status, model = excluded.model
        where excluded.status = 'final' or analyses.status = 'provisional'
        returning id, session_id, pts_ms, xmax <> 0 as replaced`);
      const idOf = new Map(stored.rows.map((row) => [frameKey(row.session_id, row.pts_ms), row.id]));
      const replaced = stored.rows.filter((row) => row.replaced).map(({ id }) => id);
      if (replaced.length > 0) {
        await orm.execute(sql`
          delete from detections where analysis_id in (select json_array_elements_text(${JSON.stringify(replaced)}::json)::bigint)`);
      }
      const found = known.flatMap((frame) => {
        const id = idOf.get(frameKey(frame.sessionId, frame.ptsMs));
        return id === undefined ? [] : frame.detections.map((detection, ordinal) => toRow(id, ordinal, detection));
      });
      if (found.length > 0) {
        await orm.execute(sql`
          insert into detections (analysis_id, ordinal, label, score, x, y, width, height, track_id, certainty, confidence, age_ms, shown_as)
          select * from json_to_recordset(${JSON.stringify(found)}::json) as r
            (a bigint, n int, label text, score real, x real, y real, w real, h real, track int, level smallint, sure real, age real, shown text)`);
      }
      await countAnalysed(orm, known);
      await mergeAppearances(
        orm,
        known.filter((frame) => idOf.has(frameKey(frame.sessionId, frame.ptsMs))),
      );
      return { written: idOf.size, outranked: known.length - idOf.size, orphaned: frames.length - known.length };
    });
  }

  /** Analyses of one session in order of time. @throws CodedError `cursor_invalid` */
  async query({ streamId, sessionId, fromMs, toMs, limit, cursor }: AnalysisRequest): Promise<Page<Analysis>> {
    const conditions = [
      eq(sessions.id, sessionId),
      eq(sessions.streamId, streamId),
      ...(fromMs === undefined ? [] : [gte(analyses.ptsMs, fromMs)]),
      ...(toMs === undefined ? [] : [lt(analyses.ptsMs, toMs)]),
      ...(cursor === undefined ? [] : [gt(analyses.ptsMs, ptsCursor.decode(cursor))]),
    ];
    const rows = await this.database.run((orm) =>
      orm
        // In one statement, so that an analysis that is replaced meanwhile is never seen with the other one's detections.
        .select({ analysis: analyses, detections: detectionsOfAnalysis })
        .from(analyses)
        .innerJoin(sessions, eq(analyses.sessionId, sessions.id))
        .where(and(...conditions))
        .orderBy(asc(analyses.ptsMs))
        .limit(limit + 1),
    );
    return ptsCursor.page(rows, limit, {
      key: ({ analysis }) => analysis.ptsMs,
      item: ({ analysis: { id: _, ...analysis }, detections }) => ({
        streamId,
        ...analysis,
        detections: detections.map(toDetection),
      }),
    });
  }

  /**
   * Removes analyses of a stream whose frames are older than `before` (Unix ms), at most `limit` of them, and as many of the
   * appearances that were over by then.
   * @returns how many were removed
   */
  async removeOlderThan(streamId: string, before: number, limit: number): Promise<number> {
    const removed = await this.database.run(async (orm) => {
      await removeAppearancesBefore(orm, { streamId, before, limit });
      return orm.execute(sql`
        delete from analyses where id in (
          select a.id from sessions s cross join lateral (
            select id from analyses where session_id = s.id and pts_ms < ${before}::double precision - s.epoch_at order by pts_ms limit ${limit}
          ) a where s.stream_id = ${streamId} limit ${limit})`);
    });
    return removed.rowCount ?? 0;
  }
}

type DetectionTuple = readonly [
  label: string,
  score: number,
  x: number,
  y: number,
  width: number,
  height: number,
  trackId: number | null,
  certainty: number | null,
  confidence: number | null,
  ageMs: number | null,
  shownAs: string | null,
];

const detectionsOfAnalysis = sql<DetectionTuple[]>`coalesce((
  select json_agg(json_build_array(label, score, x, y, width, height, track_id, certainty, confidence, age_ms, shown_as) order by ordinal)
  from detections where analysis_id = analyses.id), '[]'::json)`;

function toDetection([
  label,
  score,
  x,
  y,
  width,
  height,
  trackId,
  level,
  confidence,
  ageMs,
  shownAs,
]: DetectionTuple): Detection {
  const certainty = level === null ? undefined : CERTAINTIES[level];
  return {
    ...{ label, score, box: [x, y, width, height], trackId },
    ...(certainty !== undefined && { certainty }),
    ...(confidence !== null && { confidence }),
    ...(ageMs !== null && { ageMs }),
    ...(shownAs !== null && { shownAs }),
  };
}

function toRow(analysisId: string, n: number, detection: Detection) {
  const { label, score, trackId, certainty, confidence, ageMs, shownAs } = detection;
  const [x, y, w, h] = detection.box;
  const level = certainty === undefined ? null : CERTAINTIES.indexOf(certainty);
  return {
    ...{ a: analysisId, n, label, score, x, y, w, h, track: trackId },
    ...{ level, sure: confidence ?? null, age: ageMs ?? null, shown: shownAs ?? null },
  };
}

/** The last one of each frame, a final one before all others: one statement may touch a row once. */
function onePerFrame(batch: readonly Analysis[]): readonly Analysis[] {
  const frames = new Map<string, Analysis>();
  for (const analysis of batch) {
    const ptsMs = roundToMicroseconds(analysis.ptsMs);
    const key = frameKey(analysis.sessionId, ptsMs);
    if (frames.get(key)?.status === 'final' && analysis.status === 'provisional') continue;
    frames.set(key, { ...analysis, ptsMs });
  }
  return [...frames.values()];
}

/** The live and the batch path compute the same PTS along different ways: what differs below a microsecond is the same frame. */
function roundToMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function frameKey(sessionId: string, ptsMs: number): string {
  return `${sessionId} ${ptsMs}`;
}
