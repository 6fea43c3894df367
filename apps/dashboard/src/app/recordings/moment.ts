import type { Recording } from '@media-analyzer/protocol';

/** Where a link points to, and what is to be said when that could not be had. */
export interface Moment {
  /** PTS on the session's clock, ms. */
  readonly ptsMs: number;
  readonly note: 'none' | 'unreadable' | 'before' | 'after';
}

/** Numbers above this are Unix milliseconds, not seconds of a session: no session lasts three thousand years. */
const UNIX_MS_FROM = 100_000_000_000;

/**
 * Reads the `t` of a link: seconds of session time (`78.4`), Unix milliseconds, or an ISO 8601 time. What lies outside of
 * the stored media becomes the nearest moment of them, with a note; so does what cannot be read.
 */
export function momentOf(text: string, recording: Pick<Recording, 'epochAt' | 'durationMs' | 'mediaFromMs'>): Moment {
  const first = recording.mediaFromMs ?? 0;
  const asked = readPts(text.trim(), recording.epochAt);
  if (asked === null) return { ptsMs: first, note: 'unreadable' };
  // The first frame of a recording is seldom at 0 to the millisecond.
  if (asked < first - 1000) return { ptsMs: first, note: 'before' };
  if (asked > recording.durationMs) return { ptsMs: Math.max(first, recording.durationMs - 500), note: 'after' };
  return { ptsMs: Math.max(first, asked), note: 'none' };
}

/** The `t` of a link to this PTS: seconds to the millisecond, so that the link names the frame. */
export function momentText(ptsMs: number): string {
  return String(Math.round(ptsMs) / 1000);
}

/** Path of a moment of a session in this dashboard. */
export function momentPath(at: { streamId: string; sessionId: string; ptsMs?: number | undefined }): string {
  const path = `/streams/${encodeURIComponent(at.streamId)}/sessions/${encodeURIComponent(at.sessionId)}`;
  return at.ptsMs === undefined ? path : `${path}?t=${momentText(at.ptsMs)}`;
}

function readPts(text: string, epochAt: number): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) return null;
    return value >= UNIX_MS_FROM ? value - epochAt : value * 1000;
  }
  if (!/^\d{4}-\d\d-\d\dT/.test(text)) return null;
  // A plus in a query that was not escaped arrives as a blank.
  const at = Date.parse(text.replace(/ (\d\d:?\d\d)$/, '+$1'));
  return Number.isNaN(at) ? null : at - epochAt;
}
