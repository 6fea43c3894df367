import * as z from 'zod';
import { errorCode, id, unixMs } from './common.js';

/** Publishers that were turned away for the same reason, from the same address, with the same encoder: one entry. */
export const refusal = z
  .object({
    code: errorCode,
    message: z.string().meta({ description: 'Why, and what to do about it; never the key' }),
    address: z.string().meta({ description: 'Of the publisher' }),
    encoder: z.string().nullable().meta({ description: 'As it calls itself, when it got so far' }),
    streamId: id.nullable().meta({ description: 'The stream that it asked for, when that is known' }),
    firstAt: unixMs,
    lastAt: unixMs,
    count: z.number().int().positive(),
  })
  .meta({ id: 'Refusal' });
export type Refusal = z.infer<typeof refusal>;
