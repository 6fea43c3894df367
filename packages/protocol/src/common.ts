import * as z from 'zod';
import { ERRORS, type ErrorCode } from './errors.js';

/** Unix time in milliseconds. */
export const unixMs = z.number().int().nonnegative().meta({ description: 'Unix time, milliseconds' });
/** Presentation time in milliseconds since the session's epoch. */
export const ptsMs = z
  .number()
  .nonnegative()
  .meta({ description: 'Presentation time since the session epoch, milliseconds' });
export const id = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/);

export const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);
export const problem = z
  .object({ code: errorCode, message: z.string(), details: z.record(z.string(), z.unknown()).optional() })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;
export const errorBody = z.object({ error: problem }).meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;

/** A page of a list: `nextCursor` is null on the last one. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
/** A page of a list, as a type. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(512).optional(),
});
