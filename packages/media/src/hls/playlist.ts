import type { Track } from '@media-analyzer/protocol';
import type { SegmentInfo } from './types.js';
import type { LiveSegment, SegmentWindow } from './window.js';

const HEADER = ['#EXTM3U', '#EXT-X-VERSION:9'];
/** `PART-HOLD-BACK` in parts; the least that RFC 8216bis 4.4.3.8 allows. */
const PART_HOLD_BACK = 3;
/** `CAN-SKIP-UNTIL` in target durations; the least that RFC 8216bis 4.4.3.8 allows. */
const SKIP_UNTIL = 6;

export interface MediaPlaylistOptions {
  readonly epochAt: number;
  readonly window: SegmentWindow;
  /** All segments start with keyframes. */
  readonly independent: boolean;
  readonly ended: boolean;
  /** Leave out old segments (`EXT-X-SKIP`). */
  readonly skip: boolean;
}

/** Renders the live media playlist (RFC 8216bis). */
export function renderMediaPlaylist(options: MediaPlaylistOptions): string {
  const { window, epochAt, ended } = options;
  const { segments, targetDuration } = window;
  const partTarget = window.partTargetMs / 1000;
  const lines = [...HEADER, `#EXT-X-TARGETDURATION:${targetDuration}`];
  if (options.independent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (!ended) {
    lines.push(
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${decimal(PART_HOLD_BACK * partTarget)},CAN-SKIP-UNTIL=${decimal(SKIP_UNTIL * targetDuration)}`,
    );
  }
  lines.push(`#EXT-X-PART-INF:PART-TARGET=${decimal(partTarget)}`);
  const offset = ended ? null : startOffset(window);
  if (offset !== null) lines.push(`#EXT-X-START:TIME-OFFSET=${decimal(offset)}`);
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${segments[0]?.msn ?? window.upcomingMsn}`);
  if (window.discontinuitySequence > 0) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${window.discontinuitySequence}`);

  const skipped = options.skip && !ended ? skippableSegments(window) : 0;
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  const firstWithParts = window.firstWithParts();
  let initName = '';
  for (let i = skipped; i < segments.length; i += 1) {
    const segment = segments[i]!;
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.initName !== initName) lines.push(`#EXT-X-MAP:URI="${segment.initName}"`);
    initName = segment.initName;
    lines.push(programDateTime(epochAt, segment.startMs));
    if (i >= firstWithParts && !ended) pushParts(lines, segment);
    if (!segment.open) pushSegment(lines, segment, isGap(segment));
  }
  if (ended) lines.push('#EXT-X-ENDLIST');
  else lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hintedPart(window)}"`);
  return `${lines.join('\n')}\n`;
}

/**
 * Where players should begin, seconds from the end, when the segment that they would begin with cannot be decoded by itself:
 * at the newest one before it that can. Null when they need no help.
 */
function startOffset(window: SegmentWindow): number | null {
  let endsBeforeEndMs = 0;
  for (const { independent, durationMs } of window.segments.toReversed()) {
    const startsBeforeEndMs = endsBeforeEndMs + durationMs;
    // Players begin PART-HOLD-BACK from the end: in this segment, or before it, and its keyframe comes at once.
    if (independent) return endsBeforeEndMs < PART_HOLD_BACK * window.partTargetMs ? null : -startsBeforeEndMs / 1000;
    endsBeforeEndMs = startsBeforeEndMs;
  }
  return null;
}

/** Name of the part that comes next. */
export function hintedPart(window: SegmentWindow): string {
  const open = window.openSegment;
  return open ? partName(open.msn, open.parts.length) : partName(window.upcomingMsn, 0);
}

/** Resource name of a part: `part-12.3.m4s`. */
export function partName(msn: number, index: number): string {
  return `part-${msn}.${index}.m4s`;
}

/** Segments older than the skip boundary (RFC 8216bis 4.4.5.2), which a client that asks for a delta already has. */
function skippableSegments(window: SegmentWindow): number {
  const boundaryMs = SKIP_UNTIL * window.targetDuration * 1000;
  let after = 0;
  let index = window.segments.length;
  while (index > 0 && after < boundaryMs) {
    index -= 1;
    after += window.segments[index]!.durationMs;
  }
  return index;
}

function pushParts(lines: string[], segment: LiveSegment): void {
  for (const part of segment.parts) {
    lines.push(
      `#EXT-X-PART:DURATION=${seconds(part.durationMs)},URI="${part.name}"${part.independent ? ',INDEPENDENT=YES' : ''}`,
    );
  }
}

function pushSegment(
  lines: string[],
  segment: { readonly durationMs: number; readonly name: string },
  gap: boolean,
): void {
  if (gap) lines.push('#EXT-X-GAP');
  lines.push(`#EXTINF:${seconds(segment.durationMs)},`, segment.name);
}

/** What could not be stored is a gap only once it is no longer in memory either. */
function isGap(segment: LiveSegment): boolean {
  return segment.storage === 'lost' && segment.bytes === null;
}

/** Exactly epoch + PTS: the player's map from what it shows to the session clock. */
function programDateTime(epochAt: number, ptsMs: number): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(epochAt + ptsMs)).toISOString()}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(5);
}

function decimal(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/**
 * Renders the playlist of a finished session from its stored segments, in order. Segments that are gone (`gap`, or deleted
 * by retention at the beginning) stay out of the way of the others.
 *
 * @param segments In order of `msn`.
 */
export function vodPlaylist(segments: readonly SegmentInfo[], options: { readonly epochAt: number }): string {
  const longest = segments.reduce((most, segment) => Math.max(most, segment.durationMs), 0);
  const lines = [...HEADER, `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longest / 1000))}`];
  lines.push('#EXT-X-PLAYLIST-TYPE:VOD');
  if (segments.every((segment) => segment.independent)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${segments[0]?.msn ?? 0}`);
  let previous: SegmentInfo | null = null;
  for (const segment of segments) {
    const missing = previous !== null && segment.msn !== previous.msn + 1;
    if (previous !== null && (segment.discontinuity || missing)) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.initName !== previous?.initName) lines.push(`#EXT-X-MAP:URI="${segment.initName}"`);
    lines.push(programDateTime(options.epochAt, segment.startMs));
    pushSegment(lines, segment, segment.gap);
    previous = segment;
  }
  return `${lines.join('\n')}\n#EXT-X-ENDLIST\n`;
}

export interface MultivariantOptions {
  readonly tracks: readonly Track[];
  readonly mediaUri: string;
  /** Bits per second. */
  readonly peakBitrate: number;
  readonly averageBitrate: number;
  /** Measured, for bitstreams that do not say. */
  readonly frameRate: number | null;
  readonly independent: boolean;
}

/** Renders the multivariant playlist with its one variant (RFC 8216bis 4.4.6.2). */
export function renderMultivariantPlaylist(options: MultivariantOptions): string {
  const { tracks } = options;
  const attributes = [
    `BANDWIDTH=${Math.max(1, Math.ceil(options.peakBitrate))}`,
    `AVERAGE-BANDWIDTH=${Math.max(1, Math.ceil(options.averageBitrate))}`,
    `CODECS="${tracks.map((track) => track.codecString).join(',')}"`,
  ];
  const video = tracks.find((track) => track.kind === 'video');
  if (video) {
    attributes.push(`RESOLUTION=${video.displayWidth}x${video.displayHeight}`);
    const frameRate = video.frameRate ?? options.frameRate;
    if (frameRate !== null) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
  }
  const lines = [...HEADER];
  if (options.independent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  return `${[...lines, `#EXT-X-STREAM-INF:${attributes.join(',')}`, options.mediaUri].join('\n')}\n`;
}
