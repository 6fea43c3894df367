import * as z from 'zod';
import { errorCode, id, problem, unixMs } from './common.js';
import { processStatus, streamLoad } from './load.js';
import { inferenceTimes } from './model.js';
import { refusal } from './refusal.js';
import { processState } from './stream.js';

/** Something an operator must know, until it is over: full disk, model missing, vision process failing. One per code and stream. */
export const notice = z
  .object({
    code: errorCode,
    message: z.string(),
    severity: z.enum(['warning', 'error']),
    streamId: id.nullable(),
    since: unixMs,
  })
  .meta({ id: 'Notice' });
export type Notice = z.infer<typeof notice>;

/** Something that an operator had to know, and how often: the same thing coming again is the same entry. */
export const noticeRecord = notice
  .extend({
    id,
    lastAt: unixMs.meta({ description: 'When it last came' }),
    times: z.number().int().positive(),
    overAt: unixMs.nullable().meta({ description: 'When it was over; null while it goes on' }),
  })
  .meta({ id: 'NoticeRecord' });
export type NoticeRecord = z.infer<typeof noticeRecord>;

/** What can be changed while the server runs. */
export const updateSystem = z
  .object({
    detectionModel: z.string().min(1).max(100).nullable().meta({
      description: 'Model that detects from now on, on air too, and after a restart; null: DETECTION_MODEL again',
    }),
  })
  .partial()
  .meta({ id: 'UpdateSystem' });
export type UpdateSystem = z.infer<typeof updateSystem>;

export const systemStatus = z
  .object({
    version: z.string(),
    role: z.string(),
    startedAt: unixMs,
    node: z.string(),
    database: z.enum(['pglite', 'postgresql']),
    rtmp: z.object({ host: z.string(), port: z.number().int(), connections: z.number().int() }),
    model: z.string().nullable(),
    visionProcess: processState,
    executionProvider: z.string(),
    disk: z.object({ usedBytes: z.number(), freeBytes: z.number().nullable() }),
    notices: z.array(notice),
    refusals: z
      .array(refusal)
      .optional()
      .meta({ description: 'Publishers turned away in the last hour, the newest first; at most 50 entries' }),
    processes: z.array(processStatus).optional(),
    inference: inferenceTimes.nullable().optional().meta({ description: 'Of the model in use' }),
    streams: z
      .array(streamLoad)
      .optional()
      .meta({ description: 'Those on air first, then those with the most stored media; at most 200' }),
    demo: z.object({ running: z.boolean(), streamId: id.nullable() }),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof systemStatus>;

/** Answer of `/healthz`: the process runs and answers. */
export const liveness = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Liveness' });
export type Liveness = z.infer<typeof liveness>;

/** Answer of `/readyz`: whether the process can do its work, and what is in the way. */
export const readiness = z.object({ ready: z.boolean(), problems: z.array(problem) }).meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;

/** Overlay alignment as a player measured it: shown picture against drawn analysis, milliseconds. */
export const alignmentReport = z
  .object({ streamId: id, errorsMs: z.array(z.number().min(0).max(60_000)).min(1).max(600) })
  .meta({ id: 'AlignmentReport' });
export type AlignmentReport = z.infer<typeof alignmentReport>;
