import type { Retention } from '@media-analyzer/protocol';

const DAY_MS = 86_400_000;
const GB = 1_000_000_000;
/** The server's least limits, as the protocol's schema has them. */
const MIN_AGE_MS = 60_000;
const MIN_BYTES = 1_000_000;

/** Retention as a person types it: days and gigabytes, empty for no limit. */
export interface RetentionText {
  readonly days: string;
  readonly gigabytes: string;
}

/** What was read from one field: the limit, or the text that says which rule was broken. */
export type FieldResult = { readonly value: number | null } | { readonly error: string };

/** Limits as the fields of a form show them. */
export function retentionText(retention: Retention): RetentionText {
  return {
    days: retention.maxAgeMs === null ? '' : String(round(retention.maxAgeMs / DAY_MS)),
    gigabytes: retention.maxBytes === null ? '' : String(round(retention.maxBytes / GB)),
  };
}

/** @param kept the stored limit; a text that stands for it gives exactly that, whatever was rounded away for the eye */
export function parseDays(text: string, kept: number | null): FieldResult {
  if (text.trim() === retentionText({ maxAgeMs: kept, maxBytes: null }).days) return { value: kept };
  return parseField(text, {
    unit: DAY_MS,
    least: MIN_AGE_MS,
    noNumber: $localize`Type a number of days, or leave it empty to keep everything`,
    tooSmall: $localize`At least one minute (0.0007 days)`,
  });
}

/** @param kept as for `parseDays` */
export function parseGigabytes(text: string, kept: number | null): FieldResult {
  if (text.trim() === retentionText({ maxAgeMs: null, maxBytes: kept }).gigabytes) return { value: kept };
  return parseField(text, {
    unit: GB,
    least: MIN_BYTES,
    noNumber: $localize`Type a number of gigabytes, or leave it empty for no limit`,
    tooSmall: $localize`At least 0.001 GB`,
  });
}

function parseField(
  text: string,
  rule: { readonly unit: number; readonly least: number; readonly noNumber: string; readonly tooSmall: string },
): FieldResult {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return { value: null };
  const amount = Number(trimmed);
  // Past the safe integers the server's schema refuses.
  if (!Number.isFinite(amount) || amount < 0 || amount * rule.unit > Number.MAX_SAFE_INTEGER)
    return { error: rule.noNumber };
  const value = Math.round(amount * rule.unit);
  return value < rule.least ? { error: rule.tooSmall } : { value };
}

/** Four digits: a minute of a day is 0.0007. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
