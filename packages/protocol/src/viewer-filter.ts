import * as z from 'zod';
import { type Certainty, certainty, type Detection } from './analysis.js';

const ORDER: Readonly<Record<Certainty, number>> = { raw: 0, sure: 1, very_sure: 2 };

/** Labels in a query: separated by commas. */
const labels = z
  .string()
  .max(4000)
  .transform((text) => text.split(',').filter((label) => label !== ''));

/**
 * What of all that was found counts for who looks: drawn, listed, counted, on the bar and in files. The parameters of every
 * route that tells what was seen.
 */
export const viewerFilter = z.object({
  certainty: certainty.default('sure').meta({ description: 'Least level; `raw` gives all' }),
  minScore: z.coerce.number().min(0).max(1).default(0).meta({ description: 'Least confidence' }),
  minStayMs: z.coerce.number().nonnegative().default(0).meta({ description: 'Least time from first to last seen, ms' }),
  labels: labels.optional().meta({ description: 'Only these labels, separated by commas' }),
  exceptLabels: labels.optional().meta({ description: 'Not these labels, separated by commas' }),
});
export type ViewerFilter = z.infer<typeof viewerFilter>;

/** Sure objects of all classes. */
export const DEFAULT_FILTER: ViewerFilter = viewerFilter.parse({});

/** The filter as the query of a route. */
export function filterQuery({ certainty, minScore, minStayMs, labels, exceptLabels }: ViewerFilter): URLSearchParams {
  const query = new URLSearchParams({ certainty });
  if (minScore > 0) query.set('minScore', String(minScore));
  if (minStayMs > 0) query.set('minStayMs', String(minStayMs));
  if (labels) query.set('labels', labels.join(','));
  if (exceptLabels && exceptLabels.length > 0) query.set('exceptLabels', exceptLabels.join(','));
  return query;
}

/** Whether a level is at least the wanted one. */
export function isAtLeast(level: Certainty, wanted: Certainty): boolean {
  return ORDER[level] >= ORDER[wanted];
}

/**
 * How sure the object of a detection is. Results of versions that did not judge have no level: what was followed was drawn
 * then, so it reads as `sure`, and what was not as `raw`.
 */
export function certaintyOf(detection: Detection): Certainty {
  return detection.certainty ?? (detection.trackId === null ? 'raw' : 'sure');
}

/** Label under which a detection is shown: that of its object. */
export function labelOf(detection: Detection): string {
  return detection.shownAs ?? detection.label;
}

/** Confidence that filters compare with, 0..1: that of the object, or the score where there is no object. */
export function confidenceOf(detection: Detection): number {
  return detection.confidence ?? detection.score;
}

/** What was seen of one object, up to one frame or in all. */
export interface Sighted {
  readonly label: string;
  readonly certainty: Certainty;
  /** Confidence, 0..1. */
  readonly score: number;
  /** Time in the picture, ms. */
  readonly stayMs: number;
}

/** Whether the viewer wants this class. */
export function wantsLabel({ labels, exceptLabels }: ViewerFilter, label: string): boolean {
  return (labels === undefined || labels.includes(label)) && !exceptLabels?.includes(label);
}

/** Whether it counts for the viewer, its class aside. */
export function isSureEnough(seen: Sighted, { certainty, minScore, minStayMs }: ViewerFilter): boolean {
  return isAtLeast(seen.certainty, certainty) && seen.score >= minScore && seen.stayMs >= minStayMs;
}

/** Whether it counts for the viewer: the one rule for boxes, lists, counts, lanes and files. In SQL: `countsForViewer`. */
export function countsForViewer(seen: Sighted, filter: ViewerFilter): boolean {
  return isSureEnough(seen, filter) && wantsLabel(filter, seen.label);
}

/** A detection as what was seen of its object up to its frame. What counts once counts for as long as its object is there. */
export function sightedIn(detection: Detection): Sighted {
  return {
    label: labelOf(detection),
    certainty: certaintyOf(detection),
    score: confidenceOf(detection),
    // Results of versions that did not judge have no age; they were drawn from the first frame on.
    stayMs: detection.ageMs ?? Number.POSITIVE_INFINITY,
  };
}
