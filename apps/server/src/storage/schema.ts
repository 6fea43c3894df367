import type {
  AudioInfo,
  ErrorCode,
  FrameCounts,
  Gap,
  Notice,
  ProcessingMode,
  SessionEndReason,
  VideoInfo,
} from '@media-analyzer/protocol';
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';

/**
 * One schema for the embedded database and PostgreSQL. Times are Unix ms as bigint, times on a session's clock are ms as
 * double precision, sizes are bytes as bigint. Ids are time-ordered (`ids.ts`), so ordering by id is ordering by creation.
 * After a change here run `npm run migrations -w apps/server`.
 */

const unixMs = (name: string) => bigint(name, { mode: 'number' });
const byteCount = (name: string) => bigint(name, { mode: 'number' });

export const streams = pgTable('streams', {
  id: text().primaryKey(),
  name: text().notNull(),
  streamKey: text('stream_key').notNull(),
  /** SHA-256 of the key, hex: what publishers are looked up by (see `StreamRepository.findByKey`). */
  streamKeyHash: text('stream_key_hash').notNull().unique(),
  mode: text().$type<ProcessingMode>().notNull(),
  maxAgeMs: unixMs('max_age_ms'),
  maxBytes: byteCount('max_bytes'),
  createdAt: unixMs('created_at').notNull(),
  updatedAt: unixMs('updated_at').notNull(),
});

export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    streamId: text('stream_id')
      .notNull()
      .references(() => streams.id, { onDelete: 'cascade' }),
    epochAt: unixMs('epoch_at').notNull(),
    startedAt: unixMs('started_at').notNull(),
    endedAt: unixMs('ended_at'),
    endReason: text('end_reason').$type<SessionEndReason>(),
    /** End of the newest stored media. Kept in the transaction that adds a segment. */
    durationMs: doublePrecision('duration_ms').notNull().default(0),
    video: jsonb().$type<VideoInfo>(),
    audio: jsonb().$type<AudioInfo>(),
    /** What became of the video frames; null for sessions from before this was kept. */
    frames: jsonb().$type<FrameCounts>(),
    publisherAddress: text('publisher_address'),
    publisherEncoder: text('publisher_encoder'),
    /** Sum over inits and segments. Kept in the transaction that adds or removes them: a sum over a day is 43,000 rows. */
    storedBytes: byteCount('stored_bytes').notNull().default(0),
  },
  (table) => [
    index('sessions_of_stream').on(table.streamId, table.id),
    index('sessions_open').on(table.id).where(sql`${table.endedAt} is null`),
    check('sessions_end_has_reason', sql`(${table.endedAt} is null) = (${table.endReason} is null)`),
  ],
);

/** Stretches of a session without media, and why. */
export const gaps = pgTable(
  'gaps',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    fromMs: doublePrecision('from_ms').notNull(),
    toMs: doublePrecision('to_ms').notNull(),
    reason: text().$type<Gap['reason']>().notNull(),
  },
  (table) => [
    index('gaps_of_session').on(table.sessionId, table.fromMs),
    check('gaps_forward', sql`${table.toMs} >= ${table.fromMs}`),
  ],
);

/** Initialisation segments: one for each decoder configuration of a session. */
export const inits = pgTable(
  'inits',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    bytes: byteCount('bytes').notNull(),
    /** RFC 6381 strings for `CODECS`. */
    codecs: text().array().notNull(),
    video: jsonb().$type<VideoInfo>(),
    audio: jsonb().$type<AudioInfo>(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sessionId, table.name] })],
);

export const segments = pgTable(
  'segments',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Media sequence number. */
    msn: integer().notNull(),
    name: text().notNull(),
    initName: text('init_name').notNull(),
    startMs: doublePrecision('start_ms').notNull(),
    durationMs: doublePrecision('duration_ms').notNull(),
    bytes: byteCount('bytes').notNull(),
    /** A discontinuity lies before this segment. */
    discontinuity: boolean().notNull(),
    /** Begins with a keyframe. */
    independent: boolean().notNull(),
    /** The media of this stretch were lost (`EXT-X-GAP`): there is no object behind the row. */
    gap: boolean().notNull(),
  },
  (table) => [
    unique('segments_name').on(table.sessionId, table.name),
    index('segments_by_time').on(table.sessionId, table.startMs),
  ],
);

export const analyses = pgTable(
  'analyses',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Rounded to the microsecond, so that the same frame has the same value on the live and on the batch path. */
    ptsMs: doublePrecision('pts_ms').notNull(),
    capturedAt: unixMs('captured_at').notNull(),
    completedAt: unixMs('completed_at').notNull(),
    status: text().$type<'provisional' | 'final'>().notNull(),
    model: text().notNull(),
  },
  // One analysis a frame; the index also serves the pages of a session in order of time.
  (table) => [unique('analyses_of_frame').on(table.sessionId, table.ptsMs)],
);

export const detections = pgTable(
  'detections',
  {
    analysisId: bigint('analysis_id', { mode: 'number' })
      .notNull()
      .references(() => analyses.id, { onDelete: 'cascade' }),
    /** Place in the analysis, from 0. */
    ordinal: integer().notNull(),
    label: text().notNull(),
    // Single precision: seven digits are finer than a pixel of any picture, in half the bytes of the widest table.
    score: real().notNull(),
    x: real().notNull(),
    y: real().notNull(),
    width: real().notNull(),
    height: real().notNull(),
    trackId: integer('track_id'),
    /** Index into raw, sure, very_sure. Null with what follows in rows of versions that did not judge. */
    certainty: smallint(),
    confidence: real(),
    ageMs: real('age_ms'),
    /** Null where it is the label. */
    shownAs: text('shown_as'),
  },
  (table) => [
    primaryKey({ columns: [table.analysisId, table.ordinal] }),
    index('detections_by_label').on(table.label, table.analysisId),
  ],
);

/** What was decided while the server ran, by name. What is not here follows the configuration. */
export const settings = pgTable('settings', {
  name: text().primaryKey(),
  value: jsonb().notNull(),
  updatedAt: unixMs('updated_at').notNull(),
});

/** What operators had to know: one row for the same thing coming again and again. */
export const noticeHistory = pgTable(
  'notice_history',
  {
    id: text().primaryKey(),
    code: text().$type<ErrorCode>().notNull(),
    streamId: text('stream_id').references(() => streams.id, { onDelete: 'cascade' }),
    severity: text().$type<Notice['severity']>().notNull(),
    message: text().notNull(),
    /** When it came for the first time, and for the last time. */
    since: unixMs('since').notNull(),
    lastAt: unixMs('last_at').notNull(),
    times: integer().notNull(),
    /** When it was over; null while it goes on. */
    overAt: unixMs('over_at'),
  },
  (table) => [index('notice_history_by_time').on(table.lastAt)],
);

/** Small pictures of a session, for the bar of the player: one every few seconds, stored beside the media. */
export const pictures = pgTable(
  'pictures',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Whole milliseconds: they are in the object's name too. */
    ptsMs: bigint('pts_ms', { mode: 'number' }).notNull(),
    bytes: byteCount('bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sessionId, table.ptsMs] })],
);

/** Frames that were analysed in each second of a session, counted when they are written: eight hours are 29,000 short rows. */
export const analysedSeconds = pgTable(
  'analysed_seconds',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** PTS in whole seconds. */
    second: integer().notNull(),
    frames: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.sessionId, table.second] })],
);

/** Tracks as intervals: what `addToAppearances` says of a session's analyses. Kept in the transaction that adds these. */
export const appearances = pgTable(
  'appearances',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    trackId: integer('track_id').notNull(),
    label: text().notNull(),
    fromMs: doublePrecision('from_ms').notNull(),
    toMs: doublePrecision('to_ms').notNull(),
    score: real().notNull(),
    status: text().$type<'provisional' | 'final'>().notNull(),
    model: text().notNull(),
    certainty: smallint().notNull(),
    sureMs: doublePrecision('sure_ms'),
    verySureMs: doublePrecision('very_sure_ms'),
    bestMs: doublePrecision('best_ms').notNull(),
    bestScore: real('best_score').notNull(),
    /** x, y, width, height. */
    bestBox: real('best_box').array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sessionId, table.trackId] }),
    index('appearances_by_time').on(table.sessionId, table.fromMs, table.trackId),
    // For what was still there from a moment on: the bar of a session on air asks for its newest hours again and again.
    index('appearances_by_end').on(table.sessionId, table.toMs),
  ],
);
