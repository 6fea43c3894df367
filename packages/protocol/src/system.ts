import { z } from 'zod';
import { errorCode, id, problem, unixMs } from './common.js';
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
