import * as z from 'zod';
import { id, problem, unixMs } from './common.js';
import { streamCondition } from './condition.js';
import { latencySummary, processState, streamState } from './stream.js';

/** A process of the server and how it does. */
export const processStatus = z
  .object({
    name: z.string().meta({ description: '`server`, or the kind of a child: `media`, `vision`, `demo publisher`' }),
    streamId: id.nullable().meta({ description: 'The stream that it works for' }),
    pid: z.number().int().nullable(),
    state: processState,
    cpu: z.number().nullable().meta({ description: 'Cores in use over the last seconds; null until measured' }),
    memoryBytes: z.number().nullable().meta({ description: 'Resident memory' }),
    restarts: z.number().int().meta({ description: 'Since it was first started' }),
    startedAt: unixMs.nullable().meta({ description: 'Of the process that runs now' }),
    lastProblem: problem.extend({ at: unixMs }).nullable().meta({ description: 'Why it was last restarted' }),
  })
  .meta({ id: 'ProcessStatus' });
export type ProcessStatus = z.infer<typeof processStatus>;

/** What a stream asks of the server. */
export const streamLoad = z
  .object({
    streamId: id,
    name: z.string(),
    state: streamState,
    condition: streamCondition,
    bitrate: z.number(),
    frameRate: z.number().nullable(),
    analysisRate: z.number(),
    captureToResult: latencySummary.nullable(),
    frames: z.object({
      sampled: z.number().int(),
      analysed: z.number().int(),
      dropped: z.record(z.string(), z.number().int()),
    }),
    storedBytes: z.number().meta({ description: 'Media of all sessions' }),
    reconnects: z.number().int().meta({ description: 'Publishers that came back, in the last hour' }),
    stalls: z.number().int().meta({ description: 'Times that a publisher stayed and sent nothing, in the last hour' }),
  })
  .meta({ id: 'StreamLoad' });
export type StreamLoad = z.infer<typeof streamLoad>;
