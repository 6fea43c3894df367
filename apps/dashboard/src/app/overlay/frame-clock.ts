import { FrameTimes } from './frame-times';

/** A stretch of buffered media on the media element's timeline: one HLS segment, as far as it is loaded. */
export interface MediaSpan {
  /** Media sequence number; a span with the same number replaces the older one, or adds to it at the same offset. */
  readonly sequence: number;
  /** Seconds on the media element's timeline, end exclusive. */
  readonly start: number;
  readonly end: number;
  /**
   * Container time minus media time, seconds: what the player subtracted from the timestamps in the file when it appended
   * it (hls.js: `initPTS` of the span's discontinuity). Null while not known.
   */
  readonly containerOffset: number | null;
  /** Program date-time of the segment, Unix ms, and the media time that it stands for, seconds. */
  readonly dateAt: number | null;
  readonly dateTime: number;
}

/** A segment of the playlist, loaded or not: the estimate by which one seeks to what is not loaded yet. */
export interface PlaylistSpan {
  readonly start: number;
  readonly end: number;
  readonly dateAt: number | null;
}

export interface ClockReading {
  /** PTS on the session clock, ms. */
  readonly ptsMs: number;
  /** `container`: exact to the microsecond; `date`: by EXT-X-PROGRAM-DATE-TIME, which may be a few frames off. */
  readonly source: 'container' | 'date';
}

/** Spans kept at most; at 2 s a segment that is half an hour of buffer, far more than the player keeps. */
const MAX_SPANS = 900;
/**
 * How far the two ways to the PTS may differ for the container's own timestamps to count as the session clock, ms. The
 * packager writes session time into both, but the player anchors the date at what it takes for the segment's start, and that
 * mixes audio with video and decoding with presentation order: 140 ms were seen. Another clock would be off by seconds.
 */
const CLOCKS_AGREE_MS = 500;
/** A frame's media time comes rounded to microseconds and may fall just before the span that it opens, seconds. */
const EDGE_TOLERANCE = 0.0005;
/** So far behind a known span a frame is looked for by that span's offset, seconds: two segments. */
const FRAME_REACH = 4;
/** A frame may lie past the end that the player reported for its span, which is not always the last frame's end, seconds. */
const END_SLACK = 0.25;

/**
 * Maps the media element's time to the session clock and back, across discontinuities. Two readings exist: the timestamp in
 * the container (media time plus the offset the player applied), and the segment's program date-time (epoch plus PTS).
 * The container's is exact to the microsecond, so it is taken when the date confirms that it counts on the session clock.
 */
export class FrameClock {
  /** The true times of the loaded frames. */
  readonly frames = new FrameTimes();
  private readonly spans = new Map<number, MediaSpan>();
  private playlist: readonly PlaylistSpan[] = [];
  private last: MediaSpan | null = null;

  /** @param epochAt Unix ms of PTS 0 of the session that is played */
  constructor(readonly epochAt: number) {}

  /** Adds or replaces a span; past the bound the oldest is forgotten. */
  addSpan(span: MediaSpan): void {
    if (!(span.end > span.start)) return;
    const known = this.spans.get(span.sequence);
    const whole = known && known.containerOffset === span.containerOffset ? union(known, span) : span;
    this.spans.delete(span.sequence);
    this.spans.set(span.sequence, whole);
    if (this.last?.sequence === span.sequence) this.last = whole;
    if (this.spans.size > MAX_SPANS) {
      const oldest = this.spans.keys().next().value;
      if (oldest !== undefined) this.spans.delete(oldest);
    }
  }

  setPlaylist(spans: readonly PlaylistSpan[]): void {
    this.playlist = spans;
  }

  /** The segments of the playlist, in order of media time. */
  get segments(): readonly PlaylistSpan[] {
    return this.playlist;
  }

  /** PTS of the frame at this media time (seconds), or null when it lies in no known span. */
  read(mediaTime: number): ClockReading | null {
    const span = this.spanAt(mediaTime);
    return (span && readSpan(span, mediaTime, this.epochAt)) ?? this.readFrame(mediaTime);
  }

  /** Media time (seconds) that shows this PTS, or null when the PTS lies outside of the playlist. */
  mediaTimeOf(ptsMs: number): number | null {
    for (const span of this.spans.values()) {
      const reading = readSpan(span, span.start, this.epochAt);
      if (!reading) continue;
      const time = span.start + (ptsMs - reading.ptsMs) / 1000;
      if (time >= span.start - EDGE_TOLERANCE && time < span.end - EDGE_TOLERANCE) return Math.max(time, span.start);
    }
    for (const span of this.playlist) {
      if (span.dateAt === null) continue;
      const time = span.start + (this.epochAt + ptsMs - span.dateAt) / 1000;
      if (time >= span.start && time < span.end) return time;
    }
    return null;
  }

  /** Wall-clock time (Unix ms, server's clock) at which the frame of this PTS was taken in. */
  wallClockOf(ptsMs: number): number {
    return this.epochAt + ptsMs;
  }

  /**
   * The reading of a frame whose span the player has not told of yet, or never will: a busy one appends first and tells
   * later, and tells nothing when it was interrupted in between. Behind a known span the frame goes on with its offset, if
   * that leads to a frame which is there; across a discontinuity it leads to none.
   */
  private readFrame(mediaTime: number): ClockReading | null {
    let before: MediaSpan | null = null;
    for (const span of this.spans.values())
      if (span.start <= mediaTime && mediaTime - span.end < FRAME_REACH && span.end > (before?.end ?? 0)) before = span;
    if (!before || before.containerOffset === null) return null;
    if (readSpan(before, before.start, this.epochAt)?.source !== 'container') return null;
    const ptsMs = (mediaTime + before.containerOffset) * 1000;
    return this.frames.has(ptsMs) ? { ptsMs, source: 'container' } : null;
  }

  private spanAt(mediaTime: number): MediaSpan | null {
    if (this.last && contains(this.last, mediaTime)) return this.last;
    // Newest first: after a flush and reload two spans may claim the same time, and the newer one is in the buffer.
    let found: MediaSpan | null = null;
    let before: MediaSpan | null = null;
    for (const span of this.spans.values()) {
      if (contains(span, mediaTime)) found = span;
      else if (mediaTime >= span.end - EDGE_TOLERANCE && span.end > (before?.end ?? mediaTime - END_SLACK))
        before = span;
    }
    if (found) this.last = found;
    return found ?? before;
  }
}

/** A segment that was loaded part by part with an interruption: the player tells of what came after it only. */
function union(known: MediaSpan, span: MediaSpan): MediaSpan {
  const { dateAt, dateTime } = known.dateTime <= span.dateTime ? known : span;
  return { ...span, start: Math.min(known.start, span.start), end: Math.max(known.end, span.end), dateAt, dateTime };
}

function contains(span: MediaSpan, time: number): boolean {
  return time >= span.start - EDGE_TOLERANCE && time < span.end - EDGE_TOLERANCE;
}

function readSpan(span: MediaSpan, mediaTime: number, epochAt: number): ClockReading | null {
  const byContainer = span.containerOffset === null ? null : (mediaTime + span.containerOffset) * 1000;
  const byDate = span.dateAt === null ? null : span.dateAt - epochAt + (mediaTime - span.dateTime) * 1000;
  if (byContainer !== null && byDate !== null && Math.abs(byContainer - byDate) <= CLOCKS_AGREE_MS) {
    return { ptsMs: byContainer, source: 'container' };
  }
  // Without a date nothing says which clock the container counts on, so there is no reading rather than a guess.
  return byDate === null ? null : { ptsMs: byDate, source: 'date' };
}
