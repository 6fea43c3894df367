import type { CodedSample } from '@media-analyzer/protocol';

export interface SessionClockOptions {
  /** Unix ms of PTS 0 of the session. */
  readonly epochAt: number;
  /** A step forward in a source's timestamps beyond this is a break, not a late frame, ms. Default 2000. */
  readonly jumpThresholdMs?: number;
}

export type DiscontinuityReason = 'clock_jump' | 'encoder_restart' | 'publisher_lost';

export interface ClockDiscontinuity {
  readonly reason: DiscontinuityReason;
  /** The stretch of the session without media, or null when the source goes on where the timeline ended. */
  readonly gap: { readonly fromMs: number; readonly toMs: number } | null;
}

export interface MappedSample {
  /** The sample on the session clock. */
  readonly sample: CodedSample;
  /** Set when the timeline breaks right before this sample. */
  readonly discontinuity: ClockDiscontinuity | null;
}

const DEFAULT_JUMP_THRESHOLD_MS = 2000;
/** A step back within one track beyond this is a break. Below it, it is jitter of an encoder's clock. */
const BACKWARD_TOLERANCE_MS = 250;
/** Arrival times jitter: a new source within this of the timeline's end goes on without a gap. */
const ARRIVAL_JITTER_MS = 100;
/** A source whose timestamps fall back below this has started anew. */
const RESTART_BELOW_MS = 10_000;
/** Decode times of a track differ at least by this: one tick of the 90 kHz media timescale. */
const SMALLEST_STEP_MS = 1 / 90;
/** Encoders with a coarse clock give several samples one timestamp, or raise it by a tick so that it is not the same, ms. */
const SAME_STAMP_MS = 1;
/** Samples of one timestamp are spread over no more than this, ms. */
const COARSEST_MS = 1000;
/** Of what was learnt about the distance of samples, so much still counts when another timestamp comes. */
const REMEMBERED = 0.95;
/** How much longer than usual a pause must be to count as a break in a stream of very few frames per second. */
const PAUSE_FACTOR = 3;
/**
 * Where source clocks wrap around: 32 bits of RTMP, 31 bits of encoders with signed arithmetic, 24 bits of those that do
 * not know the extended timestamp.
 */
const WRAPS_MS = [2 ** 32, 2 ** 31, 2 ** 24];

interface TrackState {
  dtsMs: number;
  /** `dtsMs` as the source has it: before samples of one timestamp were spread. */
  stampMs: number;
  /** Samples with this timestamp. */
  stamped: number;
  /** How long the samples before it lasted, ms, and how many they were; older ones count less. */
  pastMs: number;
  pastSamples: number;
  /** Distance of the last two samples, ms. */
  stepMs: number;
  /** Seen since the source began. */
  current: boolean;
}

/**
 * Maps the timestamps of a session's sources onto one monotonic timeline, in ms since the session's epoch.
 *
 * All tracks of a source share one offset, so that sound and picture stay together. A break is judged on decode times: a
 * step forward against the newest sample of any track, a step back against the same track, because tracks are interleaved
 * loosely. A wrap-around of the source's counter is no break. After a break, samples that still carry the old clock (the
 * other track, interleaved) are placed by the old offset and do not break the timeline again.
 */
export class SessionClock {
  private readonly epochAt: number;
  private readonly jumpThresholdMs: number;
  private readonly tracks: Record<CodedSample['kind'], TrackState | null> = { video: null, audio: null };
  /** Session time minus source time; null until the source's first sample. */
  private offset: number | null = null;
  private oldOffset: number | null = null;
  /** Nothing of this source may lie before it: the end of what the source before left. */
  private floorMs = 0;
  private newestDtsMs = 0;
  private newestCapturedAt = 0;
  private usualStepMs = 0;
  private end = 0;
  private sawSample = false;

  constructor(options: SessionClockOptions) {
    this.epochAt = options.epochAt;
    this.jumpThresholdMs = options.jumpThresholdMs ?? DEFAULT_JUMP_THRESHOLD_MS;
  }

  /** End of the media seen so far, ms since the epoch. */
  get endMs(): number {
    return this.end;
  }

  /** A publisher (re)connected: its first sample is placed by its arrival, never before the end of what exists. */
  startSource(): void {
    this.offset = null;
    this.oldOffset = null;
  }

  /** Places one sample. Samples of one track must come in decode order. */
  map(sample: CodedSample): MappedSample {
    let discontinuity: ClockDiscontinuity | null = null;
    let offset = this.offsetFor(sample);
    if (offset === null) {
      const reason = this.breakReason(sample);
      const positionMs = this.positionAfterBreak(sample);
      if (this.sawSample) {
        const gap = positionMs > this.end ? { fromMs: this.end, toMs: positionMs } : null;
        discontinuity = { reason, gap };
      }
      offset = this.anchor(sample, positionMs);
    }
    return { sample: this.place(sample, offset), discontinuity };
  }

  /** The offset under which the sample continues the timeline, or null when none does. */
  private offsetFor(sample: CodedSample): number | null {
    const { offset, oldOffset } = this;
    if (offset === null) return null;
    const fits = this.continues(sample, offset);
    // Only a track that has not shown the new clock yet can still carry the old one.
    const track = this.tracks[sample.kind];
    const fitsOld = oldOffset !== null && track !== null && !track.current && this.continues(sample, oldOffset);
    if (fits && fitsOld) return nearer(track.dtsMs + track.stepMs - sample.dtsMs, offset, oldOffset);
    if (fits) return offset;
    if (fitsOld) return oldOffset;
    for (const wrap of WRAPS_MS) {
      for (const wrapped of [offset + wrap, offset - wrap]) {
        if (!this.continues(sample, wrapped)) continue;
        // The other track may wrap around later: it then finds its way back by the same rule.
        this.offset = wrapped;
        return wrapped;
      }
    }
    return null;
  }

  private continues(sample: CodedSample, offset: number): boolean {
    const dtsMs = sample.dtsMs + offset;
    const track = this.tracks[sample.kind];
    // A track that was not seen in this source yet can only be compared with the other one.
    const earliest = track?.current ? track.stampMs - BACKWARD_TOLERANCE_MS : this.newestDtsMs - this.jumpThresholdMs;
    const longestStep = Math.max(this.jumpThresholdMs, PAUSE_FACTOR * this.usualStepMs);
    return dtsMs >= earliest && dtsMs <= this.newestDtsMs + longestStep;
  }

  private breakReason(sample: CodedSample): DiscontinuityReason {
    if (this.offset === null) return 'publisher_lost';
    const dtsMs = sample.dtsMs + this.offset;
    if (dtsMs < this.newestDtsMs) return sample.dtsMs < RESTART_BELOW_MS ? 'encoder_restart' : 'clock_jump';
    return this.isPause(sample) ? 'publisher_lost' : 'clock_jump';
  }

  /** The source was silent for as long as its timestamps say: its clock did not jump. */
  private isPause(sample: CodedSample): boolean {
    if (this.offset === null) return false;
    const step = sample.dtsMs + this.offset - this.newestDtsMs;
    const silence = sample.capturedAt - this.newestCapturedAt;
    return step > 0 && Math.abs(step - silence) <= this.jumpThresholdMs / 2;
  }

  private positionAfterBreak(sample: CodedSample): number {
    if (this.offset !== null && this.isPause(sample)) return Math.max(this.end, sample.dtsMs + this.offset);
    const arrival = sample.capturedAt - this.epochAt;
    if (!this.sawSample) return Math.max(0, arrival);
    return arrival > this.end + ARRIVAL_JITTER_MS ? arrival : this.end;
  }

  private anchor(sample: CodedSample, positionMs: number): number {
    // The earlier of the two: nothing may be presented before its place on the timeline.
    const offset = positionMs - Math.min(sample.dtsMs, sample.ptsMs);
    this.oldOffset = this.offset;
    this.offset = offset;
    this.floorMs = positionMs;
    for (const track of [this.tracks.video, this.tracks.audio]) if (track) track.current = false;
    this.newestDtsMs = sample.dtsMs + offset;
    return offset;
  }

  private place(sample: CodedSample, offset: number): CodedSample {
    const straggler = offset !== this.offset;
    const before = this.tracks[sample.kind];
    const stampMs = Math.max(sample.dtsMs + offset, straggler ? 0 : this.floorMs);
    const dtsMs = before ? Math.max(stampMs, before.dtsMs + leastStep(before, stampMs)) : stampMs;
    const shift = dtsMs - (sample.dtsMs + offset);
    const placed: CodedSample = { ...sample, dtsMs, ptsMs: Math.max(0, sample.ptsMs + offset + shift) };

    const stepMs = before?.current ? dtsMs - before.dtsMs : (before?.stepMs ?? 0);
    const current = (before?.current ?? false) || !straggler;
    this.tracks[sample.kind] = { dtsMs, stampMs, stepMs, current, ...rhythm(before, stampMs) };
    if (stampMs > this.newestDtsMs) this.usualStepMs = stampMs - this.newestDtsMs;
    this.newestDtsMs = Math.max(this.newestDtsMs, stampMs);
    this.newestCapturedAt = sample.capturedAt;
    this.end = Math.max(this.end, dtsMs + stepMs, placed.ptsMs + stepMs);
    this.sawSample = true;
    return placed;
  }
}

/** How much later than the sample before a sample has to be, ms: of one timestamp, they are as far apart as they are usually. */
function leastStep(before: TrackState, stampMs: number): number {
  if (!before.current || !isSameStamp(before, stampMs) || before.pastSamples === 0) return SMALLEST_STEP_MS;
  const usualMs = before.pastMs / before.pastSamples;
  return Math.max(SMALLEST_STEP_MS, Math.min(usualMs, stampMs + COARSEST_MS - before.dtsMs));
}

function isSameStamp(before: TrackState, stampMs: number): boolean {
  return Math.abs(stampMs - before.stampMs) <= SAME_STAMP_MS;
}

function rhythm(before: TrackState | null, stampMs: number): Pick<TrackState, 'stamped' | 'pastMs' | 'pastSamples'> {
  const { stamped = 0, pastMs = 0, pastSamples = 0 } = before ?? {};
  if (!before?.current) return { stamped: 1, pastMs, pastSamples };
  if (isSameStamp(before, stampMs)) return { stamped: stamped + 1, pastMs, pastSamples };
  const lastedMs = Math.min(Math.max(stampMs - before.stampMs, 0), COARSEST_MS);
  return { stamped: 1, pastMs: pastMs * REMEMBERED + lastedMs, pastSamples: pastSamples * REMEMBERED + stamped };
}

/** After a small jump a sample can fit both clocks: the one that follows the track's rhythm is its own. */
function nearer(expected: number, offset: number, oldOffset: number): number {
  return Math.abs(expected - offset) <= Math.abs(expected - oldOffset) ? offset : oldOffset;
}
