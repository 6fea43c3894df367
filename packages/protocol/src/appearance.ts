import * as z from 'zod';
import { type Analysis, box, certainty, type Detection } from './analysis.js';
import { id, pageQuery, ptsMs } from './common.js';
import {
  certaintyOf,
  confidenceOf,
  isAtLeast,
  labelOf,
  type Sighted,
  type ViewerFilter,
  viewerFilter,
} from './viewer-filter.js';

/** Where and when something was seen best. */
export const intervalEvidence = z.object({ ptsMs, box, score: z.number() });

/** Something with a from and a to on a session's clock. So far: the appearance of an object. */
export const interval = z
  .object({
    id: z.string(),
    kind: z.enum(['appearance']),
    label: z.string(),
    fromMs: ptsMs.meta({ description: 'First seen, ms' }),
    toMs: ptsMs.meta({ description: 'Last seen so far, ms' }),
    score: z.number().meta({ description: 'Confidence, 0..1: the highest running median of the scores' }),
    status: z.enum(['provisional', 'final']),
    coverage: z
      .number()
      .nullable()
      .meta({ description: 'Part of the stretch that was analysed, 0..1; null where it was not measured' }),
    evidence: z.array(intervalEvidence).meta({ description: 'The frame on which it was seen best' }),
    sessionId: id,
    trackId: z.number().int(),
    model: z.string(),
    certainty,
    sureMs: ptsMs.nullable().meta({ description: 'From this moment on it was sure; null: never' }),
    verySureMs: ptsMs.nullable().meta({ description: 'From this moment on it was very sure; null: never' }),
  })
  .meta({ id: 'Interval' });
export type Interval = z.infer<typeof interval>;

export const intervalFilter = viewerFilter.extend({
  session: id.optional().meta({ description: 'Session id; default: the current or newest one' }),
  kind: z.enum(['appearance']).default('appearance'),
  from: z.coerce.number().nonnegative().optional().meta({ description: 'Ends at this PTS or later, ms' }),
  to: z.coerce.number().nonnegative().optional().meta({ description: 'Begins before this PTS, ms' }),
  order: z.enum(['oldest', 'newest']).default('oldest'),
});
/** Which intervals are wanted. */
export type IntervalFilter = z.infer<typeof intervalFilter>;

export const intervalQuery = intervalFilter.extend(pageQuery.shape);
export type IntervalQuery = z.infer<typeof intervalQuery>;

/** The appearance of one object, as far as analyses tell. */
export type Appearance = Interval;

/** An appearance as what was seen of its object in all. */
export function sightedBy({ label, certainty, score, fromMs, toMs }: Appearance): Sighted {
  return { label, certainty, score, stayMs: toMs - fromMs };
}

/**
 * PTS from which on an appearance counts for the viewer, ms: there its box is drawn first, and its row leads there. When it
 * came to its confidence is not kept. In SQL: `countsFromMs`.
 */
export function countsFromMs({ fromMs, sureMs, verySureMs }: Appearance, filter: ViewerFilter): number {
  const passed = { raw: fromMs, sure: sureMs, very_sure: verySureMs }[filter.certainty] ?? fromMs;
  return Math.max(passed, fromMs + filter.minStayMs);
}

/**
 * Adds one analysis to the appearances of its session. Analyses may come in any order and more than once: only firsts, lasts
 * and bests are kept. Objects are the tracks; what has no track has no appearance.
 *
 * @param appearances by track; appearances that change are replaced by new objects
 * @returns the tracks that changed
 */
export function addToAppearances(appearances: Map<number, Appearance>, analysis: Analysis): number[] {
  const changed: number[] = [];
  for (const detection of analysis.detections) {
    const { trackId } = detection;
    if (trackId === null) continue;
    const seen = sighting(analysis, detection, trackId);
    const before = appearances.get(trackId);
    appearances.set(trackId, before ? mergeAppearances(before, seen) : seen);
    changed.push(trackId);
  }
  return changed;
}

/** One appearance out of two views of the same object; in any order the same. */
export function mergeAppearances(a: Appearance, b: Appearance): Appearance {
  const later = b.toMs >= a.toMs ? b : a;
  const [bestA, bestB] = [a.evidence[0], b.evidence[0]];
  const sureMs = earlier(a.sureMs, b.sureMs);
  const verySureMs = earlier(a.verySureMs, b.verySureMs);
  return {
    ...later,
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
    score: Math.max(a.score, b.score),
    status: a.status === 'final' && b.status === 'final' ? 'final' : 'provisional',
    evidence: bestA && bestB ? [better(bestA, bestB)] : [...a.evidence, ...b.evidence],
    certainty: isAtLeast(a.certainty, b.certainty) ? a.certainty : b.certainty,
    sureMs,
    verySureMs,
  };
}

function sighting({ sessionId, ptsMs, status, model }: Analysis, detection: Detection, trackId: number): Appearance {
  const level = certaintyOf(detection);
  return {
    id: appearanceId(sessionId, trackId),
    kind: 'appearance',
    label: labelOf(detection),
    fromMs: Math.max(0, ptsMs - (detection.ageMs ?? 0)),
    toMs: ptsMs,
    score: confidenceOf(detection),
    status,
    coverage: null,
    evidence: [{ ptsMs, box: detection.box, score: detection.score }],
    sessionId,
    trackId,
    model,
    certainty: level,
    sureMs: isAtLeast(level, 'sure') ? ptsMs : null,
    verySureMs: level === 'very_sure' ? ptsMs : null,
  };
}

/** Id of the appearance of a track: the same wherever and whenever it is computed. */
export function appearanceId(sessionId: string, trackId: number): string {
  return `${sessionId}-${trackId}`;
}

type Evidence = z.infer<typeof intervalEvidence>;

/** The earlier one of equals, so that the order in which they are met does not matter. */
function better(a: Evidence, b: Evidence): Evidence {
  if (a.score !== b.score) return a.score > b.score ? a : b;
  return a.ptsMs <= b.ptsMs ? a : b;
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
