import { Buffer } from 'node:buffer';
import { SegmentBlocks, SegmentMemory } from './segment-memory.js';

/** A partial segment. */
export interface LivePart {
  readonly name: string;
  readonly durationMs: number;
  /** Starts with a keyframe. */
  readonly independent: boolean;
  readonly size: number;
  /** Null once it has left the memory. */
  bytes: Uint8Array | null;
}

/** A segment of the live window; open until the next one begins. */
export interface LiveSegment {
  readonly msn: number;
  readonly name: string;
  readonly initName: string;
  readonly discontinuity: boolean;
  readonly independent: boolean;
  /** Earliest PTS, ms. */
  readonly startMs: number;
  durationMs: number;
  readonly parts: LivePart[];
  open: boolean;
  size: number;
  /** Where its parts are written. Null once it has left the memory. */
  memory: SegmentMemory | null;
  bytes: Uint8Array | null;
  /** How many are sending bytes of it: until they are done its memory is not used for another segment. */
  senders: number;
  /** `stored` and `lost` are final. A lost segment can still be served for as long as it is in memory. */
  storage: 'pending' | 'stored' | 'lost';
}

/** Parts are listed for this many target durations from the end (RFC 8216bis 4.4.4.9 wants at least three). */
const PART_SPAN = 3;
/** Segments older than those with listed parts that stay in memory, for players that fetch them right now. */
const EXTRA_SEGMENTS_HELD = 2;

/**
 * The segments that the playlist lists, oldest first, and their bytes as long as players at the live edge ask for them.
 */
export class SegmentWindow {
  readonly segments: LiveSegment[] = [];
  /** `EXT-X-DISCONTINUITY-SEQUENCE`: discontinuities that have left the window. */
  discontinuitySequence = 0;
  /** `EXT-X-TARGETDURATION`, seconds. Only ever grows. */
  targetDuration: number;
  /** `PART-TARGET`, ms. Only ever grows. */
  partTargetMs: number;
  private nextMsn = 0;
  /** Of the newest complete segment. */
  private closedBytes = 0;
  private readonly blocks = new SegmentBlocks();

  constructor(
    private readonly windowMs: number,
    targetSegmentMs: number,
    partTargetMs: number,
  ) {
    this.targetDuration = Math.max(1, Math.round(targetSegmentMs / 1000));
    this.partTargetMs = partTargetMs;
  }

  get newest(): LiveSegment | undefined {
    return this.segments.at(-1);
  }

  get openSegment(): LiveSegment | null {
    const newest = this.newest;
    return newest?.open ? newest : null;
  }

  /** Media sequence number of the next segment to be opened. */
  get upcomingMsn(): number {
    return this.nextMsn;
  }

  open(options: Pick<LiveSegment, 'initName' | 'discontinuity' | 'independent' | 'startMs'>): LiveSegment {
    const msn = this.nextMsn++;
    const segment: LiveSegment = {
      ...options,
      msn,
      name: `seg-${msn}.m4s`,
      durationMs: 0,
      parts: [],
      open: true,
      size: 0,
      memory: new SegmentMemory(this.blocks.take(this.closedBytes)),
      bytes: null,
      senders: 0,
      storage: 'pending',
    };
    this.segments.push(segment);
    return segment;
  }

  addPart(segment: LiveSegment, part: LivePart): void {
    segment.parts.push(part);
    segment.durationMs += part.durationMs;
    segment.size += part.size;
    this.partTargetMs = Math.max(this.partTargetMs, Math.ceil(part.durationMs));
    // Raised while the segment grows, not only at its end: a player that has the parts must not be told less.
    this.targetDuration = Math.max(this.targetDuration, Math.round(segment.durationMs / 1000));
  }

  /** Makes the bytes of the open segment of those of its parts, and lets go of what is old. */
  close(segment: LiveSegment): Uint8Array {
    const parts = segment.parts.map((part) => part.bytes ?? new Uint8Array(0));
    const whole = segment.memory?.whole(segment.size) ?? null;
    const bytes = whole ?? Buffer.concat(parts);
    let at = 0;
    for (const part of segment.parts) {
      part.bytes = bytes.subarray(at, at + part.size);
      at += part.size;
    }
    segment.bytes = bytes;
    if (!whole && segment.senders === 0) this.reuse(segment);
    else if (!whole) segment.memory = null;
    segment.open = false;
    this.closedBytes = segment.size;
    this.release();
    this.slide();
    return bytes;
  }

  /** Index of the first segment whose parts are listed. */
  firstWithParts(): number {
    const spanMs = PART_SPAN * this.targetDuration * 1000;
    let after = 0;
    let index = this.segments.length;
    while (index > 0 && after < spanMs) {
      index -= 1;
      after += this.segments[index]!.durationMs;
    }
    return index;
  }

  find(name: string): LiveSegment | undefined {
    const msn = /^seg-(\d{1,15})\.m4s$/.exec(name)?.[1];
    return msn === undefined ? undefined : this.byMsn(Number(msn));
  }

  byMsn(msn: number): LiveSegment | undefined {
    const first = this.segments[0];
    return first ? this.segments[msn - first.msn] : undefined;
  }

  get heldBytes(): number {
    return this.segments.reduce((sum, segment) => sum + (segment.open || segment.bytes ? segment.size : 0), 0);
  }

  /**
   * Lets go of the segments up to a number: their media were deleted. The newest three target durations stay listed
   * whatever happens (RFC 8216bis 6.2.2).
   *
   * @returns whether the playlist changed
   */
  forgetUpTo(msn: number): boolean {
    const before = this.segments.length;
    this.shiftWhile(({ msn: oldest }, leftMs) => oldest <= msn && leftMs >= this.leastMs);
    return this.segments.length < before;
  }

  private get leastMs(): number {
    return PART_SPAN * this.targetDuration * 1000;
  }

  private release(): void {
    const keepFrom = this.firstWithParts() - EXTRA_SEGMENTS_HELD;
    for (let i = keepFrom - 1; i >= 0 && this.segments[i]!.bytes; i -= 1) {
      const segment = this.segments[i]!;
      segment.bytes = null;
      for (const part of segment.parts) part.bytes = null;
      // One that is not stored yet is still being written to the disk.
      if (segment.storage === 'pending') segment.memory = null;
      else if (segment.senders === 0) this.reuse(segment);
    }
  }

  /**
   * Somebody sends bytes of a segment from here on.
   *
   * @returns to be called when they are sent, or never will be. Whoever forgets it costs memory to be collected, nothing else.
   */
  lend(segment: LiveSegment): () => void {
    segment.senders += 1;
    let sending = true;
    return () => {
      if (!sending) return;
      sending = false;
      segment.senders -= 1;
      if (segment.senders === 0 && segment.bytes === null && !segment.open) this.reuse(segment);
    };
  }

  /** Nobody reads the block of a segment any more. */
  private reuse(segment: LiveSegment): void {
    if (segment.memory) this.blocks.give(segment.memory.block);
    segment.memory = null;
  }

  private slide(): void {
    const keepMs = Math.max(this.windowMs, this.leastMs);
    this.shiftWhile((_, leftMs) => leftMs >= keepMs);
  }

  /** @param goes asked of the oldest segment, with the duration that is left without it, ms */
  private shiftWhile(goes: (oldest: LiveSegment, leftMs: number) => boolean): void {
    let totalMs = this.segments.reduce((sum, segment) => sum + segment.durationMs, 0);
    while (this.segments.length > 1 && goes(this.segments[0]!, totalMs - this.segments[0]!.durationMs)) {
      const gone = this.segments.shift()!;
      totalMs -= gone.durationMs;
      if (gone.discontinuity) this.discontinuitySequence += 1;
    }
  }
}
