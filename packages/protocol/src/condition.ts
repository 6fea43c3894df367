import * as z from 'zod';
import { id, unixMs } from './common.js';

/** How a stream is, in one word. */
export const conditionWord = z.enum(['good', 'fair', 'bad', 'no_data']).meta({
  id: 'ConditionWord',
  description: 'good: as it should be; fair: works, with something to mend; bad: viewers notice',
});
export type ConditionWord = z.infer<typeof conditionWord>;

/** The word with its reason. */
export const streamCondition = z
  .object({
    word: conditionWord,
    code: z
      .string()
      .nullable()
      .meta({ description: 'What decided it: a health warning, an error, or a state; null when good' }),
    reason: z.string().nullable().meta({ description: 'The same in words; null when good' }),
  })
  .meta({ id: 'StreamCondition' });
export type StreamCondition = z.infer<typeof streamCondition>;

/** What is seen of one class right now. */
export const seenNow = z
  .object({
    label: z.string(),
    count: z.number().int().positive().meta({ description: 'Most at one time in the last seconds' }),
  })
  .meta({ id: 'SeenNow' });
export type SeenNow = z.infer<typeof seenNow>;

/** A stream on air in a few words: what lists and walls need, told to watchers every other second. */
export const streamSummary = z
  .object({
    streamId: id,
    at: unixMs,
    bitrate: z.number().meta({ description: 'Bits per second over the last seconds, all tracks' }),
    condition: streamCondition,
    seen: z.array(seenNow).meta({ description: 'Most frequent first, a few at most' }),
  })
  .meta({ id: 'StreamSummary' });
export type StreamSummary = z.infer<typeof streamSummary>;
