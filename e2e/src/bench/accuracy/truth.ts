import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { REPOSITORY } from '../../harness/paths.js';

const stretch = z.tuple([z.number().nonnegative(), z.number().positive()]);

const clipTruth = z.object({
  /** In `TEST_MEDIA`. */
  file: z.string(),
  /** `choose`: the values were found on it; `report`: figures are of these alone. */
  half: z.enum(['choose', 'report']),
  /** Analysed up to here, ms; the whole clip when not given. */
  lengthMs: z.number().positive().optional(),
  /** Class -> stretches of time, ms; none: all the time. */
  seen: z.record(z.string(), z.array(stretch)),
  unclear: z.array(z.string()),
  expected: z.array(z.object({ label: z.string(), fromMs: z.number(), toMs: z.number() })),
});
/** What can be seen on a clip. */
export type ClipTruth = z.infer<typeof clipTruth>;

/** How a label at a moment of a clip is judged. */
export type Judgement = 'right' | 'wrong' | 'unclear';

/** Reads `truth.json`. @throws Error when it is not of the schema */
export async function readTruth(): Promise<readonly ClipTruth[]> {
  const file = path.join(REPOSITORY, 'e2e/src/bench/accuracy/truth.json');
  return z.object({ clips: z.array(clipTruth) }).parse(JSON.parse(await readFile(file, 'utf8'))).clips;
}

/** Whether an object of this class is on the picture at this time, ms. */
export function judge(truth: ClipTruth, label: string, ptsMs: number): Judgement {
  if (truth.unclear.includes(label)) return 'unclear';
  const stretches = truth.seen[label];
  if (!stretches) return 'wrong';
  return stretches.length === 0 || stretches.some(([from, to]) => ptsMs >= from && ptsMs <= to) ? 'right' : 'wrong';
}
