import * as z from 'zod';
import { id, pageQuery, ptsMs, unixMs } from './common.js';

/** `[x, y, width, height]` of the picture, 0..1 from its top left corner. */
export const box = z.tuple([z.number(), z.number(), z.number(), z.number()]).meta({ id: 'Box' });
export type Box = z.infer<typeof box>;

/** How sure it is that an object is there, by all that was seen of it up to a frame. Never goes down again for an object. */
export const certainty = z.enum(['raw', 'sure', 'very_sure']).meta({ id: 'Certainty' });
export type Certainty = z.infer<typeof certainty>;

export const detection = z
  .object({
    label: z.string(),
    score: z.number().min(0).max(1),
    box,
    trackId: z.number().int().nullable().meta({ description: 'Same number: same object, within one session' }),
    certainty: certainty.optional().meta({
      description: 'What is known of the object up to this frame; absent in results of versions that did not judge',
    }),
    confidence: z.number().min(0).max(1).optional().meta({
      description:
        'Highest running median of the scores of the object up to this frame; 0 until it was seen three times',
    }),
    ageMs: z.number().nonnegative().optional().meta({ description: 'Since the object was first seen, ms' }),
    shownAs: z.string().optional().meta({
      description: 'Label of the object, where this frame was given another one: it stays once the object is sure',
    }),
  })
  .meta({ id: 'Detection' });
export type Detection = z.infer<typeof detection>;

export const analysis = z
  .object({
    streamId: id,
    sessionId: id,
    ptsMs,
    capturedAt: unixMs.meta({ description: 'Arrival of the last byte of the frame' }),
    completedAt: unixMs.meta({ description: 'When the result was ready' }),
    status: z.enum(['provisional', 'final']),
    model: z.string(),
    detections: z.array(detection),
  })
  .meta({ id: 'Analysis' });
export type Analysis = z.infer<typeof analysis>;

export const analysisQuery = pageQuery.extend({
  from: z.coerce.number().nonnegative().optional().meta({ description: 'First PTS, ms, inclusive' }),
  to: z.coerce.number().nonnegative().optional().meta({ description: 'Last PTS, ms, exclusive' }),
  session: id.optional().meta({ description: 'Session id; default: the current or newest one' }),
});
export type AnalysisQuery = z.infer<typeof analysisQuery>;
