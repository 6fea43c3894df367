import type { Retention } from '@media-analyzer/protocol';

const HOUR_MS = 3_600_000;
const GB = 1_000_000_000;

/** Retention as a person types it: hours and gigabytes, empty for no limit. */
export interface RetentionText {
  readonly hours: string;
  readonly gigabytes: string;
}

/** Limits as the fields of a form show them. */
export function retentionText(retention: Retention): RetentionText {
  return {
    hours: retention.maxAgeMs === null ? '' : String(round(retention.maxAgeMs / HOUR_MS)),
    gigabytes: retention.maxBytes === null ? '' : String(round(retention.maxBytes / GB)),
  };
}

/** @returns the retention, or the text that says which rule was broken */
export function parseRetention(text: RetentionText): Retention | string {
  const hours = parseAmount(text.hours);
  if (hours === 'invalid' || (hours !== null && hours * HOUR_MS < 60_000))
    return 'The age is a number of hours, at least one minute (0.02)';
  const gigabytes = parseAmount(text.gigabytes);
  if (gigabytes === 'invalid' || (gigabytes !== null && gigabytes * GB < 1_000_000))
    return 'The size is a number of gigabytes, at least 0.001';
  return {
    maxAgeMs: hours === null ? null : Math.round(hours * HOUR_MS),
    maxBytes: gigabytes === null ? null : Math.round(gigabytes * GB),
  };
}

function parseAmount(text: string): number | null | 'invalid' {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value > 0 ? value : 'invalid';
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
