/** The protocol's rule for what counts for a viewer, as SQL over `appearances`. */
import type { Certainty, ViewerFilter } from '@media-analyzer/protocol';
import { gte, inArray, notInArray, type SQL, sql } from 'drizzle-orm';
import { appearances } from './schema.js';

/** Levels by the number that stands for them in the database. */
export const CERTAINTIES: readonly Certainty[] = ['raw', 'sure', 'very_sure'];

/** `countsForViewer` of the protocol: all of these conditions. */
export function countsForViewer({ certainty, minScore, minStayMs, labels, exceptLabels }: ViewerFilter): SQL[] {
  return [
    gte(appearances.certainty, CERTAINTIES.indexOf(certainty)),
    // Single precision: a confidence of 0.45 is stored a hair below it.
    gte(appearances.score, minScore - 1e-6),
    sql`${appearances.toMs} - ${appearances.fromMs} >= ${minStayMs}`,
    ...(labels === undefined ? [] : [labels.length === 0 ? sql`false` : inArray(appearances.label, labels)]),
    ...(exceptLabels === undefined || exceptLabels.length === 0 ? [] : [notInArray(appearances.label, exceptLabels)]),
  ];
}

/** `countsFromMs` of the protocol, ms. */
export function countsFromMs({ certainty, minStayMs }: ViewerFilter): SQL<number> {
  const { fromMs, sureMs, verySureMs } = appearances;
  const passed = { raw: fromMs, sure: sureMs, very_sure: verySureMs }[certainty];
  return sql`greatest(coalesce(${passed}, ${fromMs}), ${fromMs} + ${minStayMs}::double precision)`;
}
