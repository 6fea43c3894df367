import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { firstDecodeTime, type InitSegment, readInitSegment, shiftFragments } from '@media-analyzer/media/fmp4';
import { CodedError, type DownloadQuery, type Session } from '@media-analyzer/protocol';
import type { StoredSegment } from './ports.js';

/** Stretches without media are closed up to this, ms: sound at the end of one stretch must not meet that of the next. */
const KEPT_GAP_MS = 100;

/** A recording as one MP4 file of a known size, which nobody has ever stored. */
export interface Mp4Download {
  /** Bytes. */
  readonly size: number;
  /** Unix ms of its first picture. */
  readonly startsAt: number;
  /** The same for the same bytes. */
  readonly etag: string;
  /** The file, or a range of it (both ends inclusive). Holds one segment at a time in memory; ends when it is destroyed. */
  open(range?: { readonly start: number; readonly end: number }): Readable;
}

/**
 * The segments of one file: those that share an init segment. A file has one description of its tracks, and players do not
 * follow a change of it, so that a session in which size, codec or tracks changed is a file for each.
 *
 * @throws CodedError `download_empty`, `download_in_parts`
 */
export function chooseSegments(
  all: readonly StoredSegment[],
  { sessionId, part, from = 0, to = Number.POSITIVE_INFINITY }: DownloadQuery & { sessionId: string },
): readonly StoredSegment[] {
  const inits = [...new Set(all.map(({ initName }) => initName))];
  const initName = part === undefined ? null : (inits[part - 1] ?? '');
  const chosen = all.filter(
    (segment) =>
      !segment.gap &&
      segment.startMs + segment.durationMs > from &&
      segment.startMs < to &&
      (initName === null || segment.initName === initName),
  );
  if (chosen.length === 0) throw new CodedError('download_empty', { sessionId });
  if (new Set(chosen.map((segment) => segment.initName)).size > 1)
    throw new CodedError('download_in_parts', { sessionId, parts: inits.length });
  return chosen;
}

export interface DownloadSource {
  readonly session: Pick<Session, 'id' | 'epochAt'>;
  /** Of one init segment, in order of time; at least one. */
  readonly segments: readonly StoredSegment[];
  /** A whole object; null when it is gone. */
  read(name: string): Promise<Uint8Array | null>;
}

/** @throws CodedError `download_empty` when the init segment or the first segment is gone */
export async function openDownload({ session, segments, read }: DownloadSource): Promise<Mp4Download> {
  const first = segments[0]!;
  const init = await read(first.initName);
  const beginning = await read(first.name);
  if (init === null || beginning === null) throw new CodedError('download_empty', { sessionId: session.id });
  const tracks = readInitSegment(init);
  const shifts = shiftsOf(segments, firstDecodeTime(tracks, beginning) ?? first.startMs);
  const pieces = [
    { size: init.length, load: async () => init },
    ...segments.map((segment, index) => ({
      size: segment.bytes,
      load: () => loadSegment({ segment, tracks, shiftMs: shifts[index]!, read }),
    })),
  ];
  const names = segments.map(({ name, bytes }) => `${name} ${bytes}`).join('\n');
  return {
    size: pieces.reduce((sum, { size }) => sum + size, 0),
    startsAt: session.epochAt + first.startMs,
    etag: createHash('sha256').update(`${session.id}\n${names}`).digest('base64url').slice(0, 22),
    open: (range) => Readable.from(bytesOf(pieces, range), { objectMode: false }),
  };
}

/** How far each segment moves so that the file begins at 0 and has no long gaps, ms. */
function shiftsOf(segments: readonly StoredSegment[], beginsMs: number): number[] {
  let shiftMs = -beginsMs;
  let endMs = segments[0]!.startMs;
  return segments.map(({ startMs, durationMs }) => {
    shiftMs -= Math.max(0, startMs - endMs - KEPT_GAP_MS);
    endMs = startMs + durationMs;
    return shiftMs;
  });
}

async function loadSegment(options: {
  segment: StoredSegment;
  tracks: InitSegment;
  shiftMs: number;
  read: DownloadSource['read'];
}): Promise<Uint8Array> {
  const { segment, tracks, shiftMs, read } = options;
  const stored = await read(segment.name);
  // Its length was promised; the connection breaks, so that nobody takes the file for whole.
  if (stored?.length !== segment.bytes)
    throw new CodedError('storage_failed', {
      path: segment.name,
      problem: `it has ${stored?.length ?? 'no'} bytes, ${segment.bytes} were stored`,
    });
  const bytes = Uint8Array.from(stored);
  shiftFragments(tracks, bytes, shiftMs);
  return bytes;
}

interface Piece {
  readonly size: number;
  load(): Promise<Uint8Array>;
}

async function* bytesOf(pieces: readonly Piece[], range?: { readonly start: number; readonly end: number }) {
  let at = 0;
  for (const { size, load } of pieces) {
    const from = Math.max(0, (range?.start ?? 0) - at);
    const to = Math.min(size, (range ? range.end + 1 : Number.POSITIVE_INFINITY) - at);
    at += size;
    if (from < to) yield (await load()).subarray(from, to);
  }
}
