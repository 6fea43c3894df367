import { Buffer } from 'node:buffer';
import type { CodedSample, Track } from '@media-analyzer/protocol';
import { type FragmentTrack, numberTracks, writeFragment, writeInitSegment } from '../fmp4/index.js';
import { Delivery } from './delivery.js';
import { type CutPart, PartCutter } from './part-cutter.js';
import { partName, renderMultivariantPlaylist } from './playlist.js';
import { Rates } from './rates.js';
import { type CutLimits, cutLimits, SegmentPolicy } from './segment-policy.js';
import { StoreQueue } from './store-queue.js';
import type { TimedSample } from './timed-sample.js';
import { TrackSwitch } from './track-switch.js';
import type {
  HeldMedia,
  LiveHlsPackagerOptions,
  PackagedTotals,
  PackagerStats,
  PlaylistRequest,
  PlaylistResponse,
  SampleDropReason,
} from './types.js';
import { type LiveSegment, SegmentWindow } from './window.js';

const DEFAULT_TARGET_SEGMENT_MS = 2000;
const DEFAULT_PART_TARGET_MS = 250;
const DEFAULT_WINDOW_MS = 30 * 60_000;
const DEFAULT_MAX_WAITERS = 2000;

/**
 * Packages one session into low-latency HLS: parts and segments of fragmented MP4, and their playlists.
 *
 * Samples come on the session clock. Parts are published the moment their last frame's duration is known. Finished segments
 * go to the store; this object keeps only what players at the live edge ask for.
 */
export class LiveHlsPackager {
  private readonly limits: CutLimits;
  private readonly policy: SegmentPolicy;
  private readonly window: SegmentWindow;
  private readonly delivery: Delivery;
  private readonly stores: StoreQueue;
  private readonly rates = new Rates();
  private readonly switch: TrackSwitch;
  private readonly dropped: Record<SampleDropReason, number> = {
    no_track: 0,
    before_keyframe: 0,
    overlap: 0,
    ahead: 0,
    leading: 0,
    invalid: 0,
    tail: 0,
  };
  private readonly inits = new Map<string, Uint8Array>();
  private cutter: PartCutter | null = null;
  private initName = '';
  private initCount = 0;
  private breakPending = false;
  private sequenceNumber = 0;
  private counts = { segments: 0, parts: 0, bytes: 0, segmentsNotStored: 0 };

  constructor(private readonly options: LiveHlsPackagerOptions) {
    this.limits = cutLimits(
      options.targetSegmentMs ?? DEFAULT_TARGET_SEGMENT_MS,
      options.partTargetMs ?? DEFAULT_PART_TARGET_MS,
    );
    this.policy = new SegmentPolicy(this.limits);
    this.window = new SegmentWindow(
      options.windowMs ?? DEFAULT_WINDOW_MS,
      this.limits.targetSegmentMs,
      this.limits.partLimitMs,
    );
    this.delivery = new Delivery({
      epochAt: options.epochAt,
      window: this.window,
      maxWaiters: options.maxWaiters ?? DEFAULT_MAX_WAITERS,
    });
    this.switch = new TrackSwitch({
      configure: (tracks) => this.configure(tracks),
      reconfigure: (tracks) => this.cutter?.changeInit(this.addInit(tracks), tracks),
      sample: (sample) => this.cutter?.push(sample),
      dropped: (reason) => this.drop(reason),
    });
    this.stores = new StoreQueue({
      store: options.store,
      onSettled: (segment, info) => {
        if (info.gap) this.counts.segmentsNotStored += 1;
        if (segment.storage === 'lost') this.delivery.changed();
        options.onSegment?.(info);
      },
      onProblem: (problem) => {
        if (problem)
          options.log?.('error', 'segments cannot be stored', { code: problem.code, problem: problem.message });
        else options.log?.('info', 'segments are stored again');
        options.onStoreProblem?.(problem);
      },
    });
  }

  /** Players can start: the first segment is complete. */
  get playable(): boolean {
    return this.delivery.playable;
  }

  /**
   * Announces the source's tracks: all of those known so far, at most one video and one audio track. May be called again
   * at any time; a change takes effect at the next keyframe, with a new init segment and a discontinuity.
   *
   * @param promised Kinds that the source has said it will send; it is waited longer for them at its start.
   */
  setTracks(tracks: readonly Track[], promised?: readonly Track['kind'][]): void {
    if (!this.delivery.ended) this.switch.setTracks(tracks, promised);
  }

  /** Takes one sample, on the session clock, in decode order within its track. */
  push(sample: CodedSample): void {
    if (this.delivery.ended) return;
    this.delivery.lastSampleAt = Date.now();
    this.switch.push(sample);
  }

  /**
   * The timeline breaks here: ends the segment; the next one begins with a keyframe and a discontinuity. Call it as soon as
   * the publisher is gone, so that viewers get what waits; calling it again when it is back does no harm.
   */
  discontinuity(): void {
    if (this.delivery.ended) return;
    this.switch.sourceBegins();
    this.cutter?.flush({ more: true });
    this.markBreak();
  }

  /**
   * The stored media of the segments up to this number were deleted: they leave the playlist, so that nobody seeks to what
   * is not there. The newest three target durations stay.
   */
  forgetUpTo(msn: number): void {
    if (this.window.forgetUpTo(msn)) this.delivery.changed();
  }

  /** Ends the playlist. Resolves when the last segment is stored, or lost. */
  async end(): Promise<void> {
    if (!this.delivery.ended) {
      this.switch.settle();
      this.cutter?.flush({ more: false });
      this.delivery.end();
    }
    await this.stores.drained();
  }

  /**
   * The multivariant playlist, or null before anything can be played.
   *
   * @param mediaUri Where the caller serves the media playlist, relative to this one. Segments are relative to that.
   */
  multivariantPlaylist(mediaUri = 'media.m3u8'): string | null {
    if (!this.playable) return null;
    const { peakBitrate, averageBitrate, frameRate } = this.rates;
    const { independent } = this.delivery;
    return renderMultivariantPlaylist({
      tracks: this.switch.tracks,
      mediaUri,
      peakBitrate,
      averageBitrate,
      frameRate,
      independent,
    });
  }

  /** Resolves with true when players can start, with false when that did not happen in time. */
  async whenPlayable(timeoutMs: number): Promise<boolean> {
    return this.delivery.whenPlayable(timeoutMs);
  }

  /**
   * The media playlist. Waits for what the request names, as RFC 8216bis 6.2.5.2 says, and for the first segment.
   *
   * While the publisher is away, a request that has waited its time gets the playlist as it is: players that were told of
   * an error would give up before the publisher is back.
   *
   * @throws CodedError `playlist_request_invalid`, `playlist_too_far_ahead`, `playlist_timeout`, `too_many_requests`.
   */
  async mediaPlaylist(request: PlaylistRequest): Promise<PlaylistResponse> {
    return this.delivery.mediaPlaylist(request);
  }

  /**
   * Bytes of an init segment, a part or a recent segment. A request for the part that the playlist hints at waits for it.
   *
   * @returns Null when it is not (or no longer) here: finished segments are in the store.
   * @throws CodedError `too_many_requests`.
   */
  async resource(name: string): Promise<HeldMedia | null> {
    const init = this.inits.get(name);
    if (init) return { bytes: init, release() {} };
    const part = /^part-(\d{1,15})\.(\d{1,6})\.m4s$/.exec(name);
    if (part) return this.delivery.part(name, Number(part[1]), Number(part[2]));
    const held = this.delivery.segment(name);
    if (held) return held;
    // Its memory is not used again: it left the window before it was stored.
    const bytes = this.stores.waitingBytes(name);
    return bytes && { bytes, release() {} };
  }

  /** What was made so far. Costs nothing, unlike `stats`. */
  get made(): PackagedTotals {
    return this.counts;
  }

  stats(): PackagerStats {
    const { keyframeIntervalMs, frameRate, peakBitrate, averageBitrate } = this.rates;
    const heldBytes =
      this.window.heldBytes + this.stores.heldBytes + (this.cutter?.heldBytes ?? 0) + this.switch.heldBytes;
    const dropped = { ...this.dropped };
    return {
      ...this.counts,
      heldBytes,
      waiters: this.delivery.waiting,
      dropped,
      keyframeIntervalMs,
      frameRate,
      peakBitrate,
      averageBitrate,
    };
  }

  private configure(tracks: readonly Track[]): void {
    this.cutter?.flush({ more: true });
    if (this.window.segments.length > 0) this.markBreak();
    this.initName = this.addInit(tracks);
    const numbers = new Map(numberTracks(tracks).map(({ track, trackId }) => [track.kind, trackId]));
    this.cutter = new PartCutter(tracks, this.limits, this.policy, {
      part: (part) => this.addPart(part, numbers),
      segmentEnd: () => this.closeSegment(),
      discontinuity: () => this.markBreak(),
      dropped: (reason) => this.drop(reason),
    });
  }

  private addInit(tracks: readonly Track[]): string {
    const name = initName(this.initCount++);
    this.inits.set(name, writeInitSegment(numberTracks(tracks)));
    this.options.log?.('info', 'tracks configured', {
      init: name,
      codecs: tracks.map((track) => track.codecString).join(','),
    });
    return name;
  }

  private addPart(part: CutPart, numbers: ReadonlyMap<string, number>): void {
    const segment = this.window.openSegment ?? this.openSegment(part);
    const tracks: FragmentTrack[] = [];
    for (const [kind, samples] of [
      ['video', part.video],
      ['audio', part.audio],
    ] as const) {
      const first = samples[0];
      if (first) tracks.push({ trackId: numbers.get(kind)!, baseDecodeTime: first.dtsTicks, samples });
    }
    const bytes = writeFragment({
      sequenceNumber: ++this.sequenceNumber,
      tracks,
      segmentStart: segment.parts.length === 0,
      allocate: (size) => segment.memory?.take(size) ?? Buffer.allocUnsafe(size),
    });
    for (const { startMs, keyframe } of part.video) this.rates.frame(startMs, keyframe);
    this.window.addPart(segment, {
      name: partName(segment.msn, segment.parts.length),
      durationMs: part.endMs - part.startMs,
      independent: part.video.length > 0 ? startsClean(part.video[0]) : !this.hasVideo,
      size: bytes.length,
      bytes,
    });
    this.policy.allow(this.window.targetDuration * 1000);
    this.counts.parts += 1;
    this.counts.bytes += bytes.length;
    this.delivery.changed();
  }

  private get hasVideo(): boolean {
    return this.switch.tracks.some((track) => track.kind === 'video');
  }

  private openSegment(part: CutPart): LiveSegment {
    // Sound below the rest of a long picture is no start for the picture.
    const independent = part.video.length > 0 ? startsClean(part.video[0]) : part.soundOnly || !this.hasVideo;
    this.initName = part.video[0]?.begins?.initName ?? this.initName;
    const segment = this.window.open({
      initName: this.initName,
      discontinuity: this.breakPending,
      independent,
      startMs: earliestPts(part),
    });
    this.breakPending = false;
    return segment;
  }

  private closeSegment(): void {
    const segment = this.window.openSegment;
    if (!segment) return;
    const bytes = this.window.close(segment);
    this.rates.segment(segment);
    this.counts.segments += 1;
    const initBytes = this.inits.get(segment.initName)!;
    for (const name of this.inits.keys()) {
      const needed = initNumber(name) >= initNumber(this.initName); // those to come are not in any segment yet
      if (!needed && !this.window.segments.some(({ initName }) => initName === name)) this.inits.delete(name);
    }
    this.stores.push({ segment, bytes, initBytes });
    this.delivery.changed();
  }

  private markBreak(): void {
    this.rates.breakHere();
    if (this.window.segments.length > 0) this.breakPending = true;
  }

  private drop(reason: SampleDropReason): void {
    this.dropped[reason] += 1;
  }
}

function initName(number: number): string {
  return `init-${number}.mp4`;
}

function initNumber(name: string): number {
  return Number(/^init-(\d+)/.exec(name)?.[1] ?? 0);
}

/** Decoding can start with the picture, and gives whole pictures. */
function startsClean(picture: TimedSample | undefined): boolean {
  return picture?.keyframe === true && picture.entry !== 'gradual';
}

function earliestPts({ video, audio, startMs }: CutPart): number {
  const earliest = (samples: readonly TimedSample[], ticksPerMs: number): number =>
    samples.reduce((least, sample) => Math.min(least, sample.ptsTicks), Number.POSITIVE_INFINITY) / ticksPerMs;
  if (video.length > 0) return earliest(video, 90);
  return audio[0]?.startMs ?? startMs;
}
