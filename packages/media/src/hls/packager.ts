import type { CodedSample, Track } from '@media-analyzer/protocol';
import { CodedError } from '@media-analyzer/protocol';
import { type FragmentTrack, numberTracks, writeFragment, writeInitSegment } from '../fmp4/index.js';
import { type CutPart, PartCutter } from './part-cutter.js';
import { hintedPart, partName, renderMediaPlaylist, renderMultivariantPlaylist } from './playlist.js';
import { Rates } from './rates.js';
import { type CutLimits, cutLimits, SegmentPolicy } from './segment-policy.js';
import { StoreQueue } from './store-queue.js';
import type { TimedSample } from './timed-sample.js';
import { TrackSwitch } from './track-switch.js';
import type {
  LiveHlsPackagerOptions,
  PackagerStats,
  PlaylistRequest,
  PlaylistResponse,
  SampleDropReason,
} from './types.js';
import { Waiters } from './waiters.js';
import { type LiveSegment, SegmentWindow } from './window.js';

const DEFAULT_TARGET_SEGMENT_MS = 2000;
const DEFAULT_PART_TARGET_MS = 250;
const DEFAULT_WINDOW_MS = 30 * 60_000;
const DEFAULT_MAX_WAITERS = 2000;
/** Blocked requests wait this many target durations (RFC 8216bis 6.2.5.2). */
const BLOCK_TARGET_DURATIONS = 3;

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
  private readonly waiters: Waiters;
  private readonly stores: StoreQueue;
  private readonly rates = new Rates();
  private readonly switch: TrackSwitch;
  private readonly dropped: Record<SampleDropReason, number> = {
    no_track: 0,
    before_keyframe: 0,
    overlap: 0,
    invalid: 0,
    tail: 0,
  };
  private readonly inits = new Map<string, Uint8Array>();
  private readonly rendered = new Map<boolean, { version: number; response: Omit<PlaylistResponse, 'blocking'> }>();
  private cutter: PartCutter | null = null;
  private initName = '';
  private initCount = 0;
  private breakPending = false;
  private independent = true;
  private ended = false;
  private sequenceNumber = 0;
  private lastPushAt = 0;
  /** Counts publications: the playlist changes with it. */
  private version = 0;
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
    this.waiters = new Waiters(options.maxWaiters ?? DEFAULT_MAX_WAITERS);
    this.switch = new TrackSwitch({
      configure: (tracks) => this.configure(tracks),
      sample: (sample) => this.cutter?.push(sample),
      dropped: () => this.drop('no_track'),
    });
    this.stores = new StoreQueue({
      store: options.store,
      onSettled: (segment, info) => {
        if (info.gap) this.counts.segmentsNotStored += 1;
        if (segment.storage === 'lost') this.publish();
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
    const first = this.window.segments[0];
    return first !== undefined && !first.open;
  }

  /**
   * Announces the source's tracks: all of those known so far, at most one video and one audio track. May be called again
   * at any time; a change takes effect at the next keyframe, with a new init segment and a discontinuity.
   */
  setTracks(tracks: readonly Track[]): void {
    if (!this.ended) this.switch.setTracks(tracks);
  }

  /** Takes one sample, on the session clock, in decode order within its track. */
  push(sample: CodedSample): void {
    if (this.ended) return;
    this.lastPushAt = Date.now();
    this.switch.push(sample);
  }

  /**
   * The timeline breaks here: ends the segment; the next one begins with a keyframe and a discontinuity. Call it as soon as
   * the publisher is gone, so that viewers get what waits; calling it again when it is back does no harm.
   */
  discontinuity(): void {
    if (this.ended) return;
    this.switch.sourceBegins();
    this.cutter?.flush({ more: true });
    this.markBreak();
  }

  /** Ends the playlist. Resolves when the last segment is stored, or lost. */
  async end(): Promise<void> {
    if (!this.ended) {
      this.switch.settle();
      this.cutter?.flush({ more: false });
      this.ended = true;
      this.publish();
      this.waiters.end();
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
    const { independent } = this;
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
    return this.waiters.wait(() => this.playable, timeoutMs);
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
    const { msn, part } = request;
    checkRequest(request);
    if (msn !== undefined) this.checkNotTooFar(msn, part);
    const ready = (): boolean => this.ended || (this.playable && (msn === undefined || this.has(msn, part)));
    const waitMs = BLOCK_TARGET_DURATIONS * this.window.targetDuration * 1000;
    if (!(await this.waiters.wait(ready, waitMs))) {
      const publisherAway = this.playable && Date.now() - this.lastPushAt > this.window.targetDuration * 1000;
      if (!publisherAway) throw new CodedError('playlist_timeout', { waitMs });
    }
    return { ...this.render(request.skip === true || request.skip === 'v2'), blocking: msn !== undefined };
  }

  /**
   * Bytes of an init segment, a part or a recent segment. A request for the part that the playlist hints at waits for it.
   *
   * @returns Null when it is not (or no longer) here: finished segments are in the store.
   * @throws CodedError `too_many_requests`.
   */
  async resource(name: string): Promise<{ bytes: Uint8Array } | null> {
    const init = this.inits.get(name);
    if (init) return { bytes: init };
    const part = /^part-(\d{1,15})\.(\d{1,6})\.m4s$/.exec(name);
    if (part) return this.part(name, Number(part[1]), Number(part[2]));
    const bytes = this.window.find(name)?.bytes ?? this.stores.waitingBytes(name);
    return bytes ? { bytes } : null;
  }

  stats(): PackagerStats {
    const { keyframeIntervalMs, frameRate, peakBitrate, averageBitrate } = this.rates;
    const heldBytes =
      this.window.heldBytes + this.stores.heldBytes + (this.cutter?.heldBytes ?? 0) + this.switch.heldBytes;
    const dropped = { ...this.dropped };
    return {
      ...this.counts,
      heldBytes,
      waiters: this.waiters.count,
      dropped,
      keyframeIntervalMs,
      frameRate,
      peakBitrate,
      averageBitrate,
    };
  }

  private async part(name: string, msn: number, index: number): Promise<{ bytes: Uint8Array } | null> {
    const find = (): Uint8Array | null => this.window.byMsn(msn)?.parts[index]?.bytes ?? null;
    if (!this.ended && name === hintedPart(this.window)) {
      const waitMs = BLOCK_TARGET_DURATIONS * this.window.targetDuration * 1000;
      // Also over when the hint was wrong: the segment ended before this part.
      await this.waiters.wait(() => find() !== null || name !== hintedPart(this.window), waitMs);
    }
    const bytes = find();
    return bytes ? { bytes } : null;
  }

  private configure(tracks: readonly Track[]): void {
    this.cutter?.flush({ more: true });
    if (this.window.segments.length > 0) this.markBreak();
    this.initName = `init-${this.initCount++}.mp4`;
    this.inits.set(this.initName, writeInitSegment(numberTracks(tracks)));
    const numbers = new Map(numberTracks(tracks).map(({ track, trackId }) => [track.kind, trackId]));
    this.cutter = new PartCutter(tracks, this.limits, this.policy, {
      part: (part) => this.addPart(part, numbers),
      segmentEnd: () => this.closeSegment(),
      discontinuity: () => this.markBreak(),
      dropped: (reason) => this.drop(reason),
    });
    this.options.log?.('info', 'tracks configured', {
      init: this.initName,
      codecs: tracks.map((track) => track.codecString).join(','),
    });
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
    });
    for (const { startMs, keyframe } of part.video) this.rates.frame(startMs, keyframe);
    this.window.addPart(segment, {
      name: partName(segment.msn, segment.parts.length),
      durationMs: part.endMs - part.startMs,
      independent: (part.video[0] ?? part.audio[0])?.keyframe === true && (part.video.length > 0 || !this.hasVideo),
      size: bytes.length,
      bytes,
    });
    this.policy.allow(this.window.targetDuration * 1000);
    this.counts.parts += 1;
    this.counts.bytes += bytes.length;
    this.publishSoon();
  }

  private get hasVideo(): boolean {
    return this.switch.tracks.some((track) => track.kind === 'video');
  }

  private openSegment(part: CutPart): LiveSegment {
    const independent = part.video.length > 0 ? part.video[0]!.keyframe : true;
    if (!independent) this.independent = false;
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
      if (name !== this.initName && !this.window.segments.some(({ initName }) => initName === name))
        this.inits.delete(name);
    }
    this.stores.push({ segment, bytes, initBytes });
    this.publishSoon();
  }

  private markBreak(): void {
    this.rates.breakHere();
    if (this.window.segments.length > 0) this.breakPending = true;
  }

  private drop(reason: SampleDropReason): void {
    this.dropped[reason] += 1;
  }

  /** A part that ends its segment is published together with that end, so that no hint for a part that never comes is seen. */
  private publishSoon(): void {
    this.version += 1;
    if (this.publishing) return;
    this.publishing = true;
    queueMicrotask(() => {
      this.publishing = false;
      this.waiters.notify();
    });
  }
  private publishing = false;

  private publish(): void {
    this.version += 1;
    this.waiters.notify();
  }

  private has(msn: number, part: number | undefined): boolean {
    const newest = this.window.newest;
    if (!newest || newest.msn < msn) return false;
    if (newest.msn > msn) return true;
    // The last segment: all of it, or the part.
    return part === undefined ? !newest.open : newest.parts.length > part;
  }

  private checkNotTooFar(msn: number, part: number | undefined): void {
    const open = this.window.openSegment;
    const edge = open ? open.msn - 1 : this.window.upcomingMsn - 1;
    const partTarget = this.window.partTargetMs / 1000;
    const advanceLimit = partTarget < 1 ? Math.ceil(3 / partTarget) : 3;
    const lastPart = open && msn === open.msn ? open.parts.length - 1 : -1;
    // hls.js without low latency asks for the last part that it expects of a whole segment: that is not far either.
    const usualParts = Math.max(lastPart + 1, ...this.window.segments.slice(-3).map(({ parts }) => parts.length));
    const farPart = msn === edge + 1 && part !== undefined && part >= usualParts + advanceLimit;
    if (msn > edge + 2 || farPart) throw new CodedError('playlist_too_far_ahead', { msn, edge });
  }

  private render(skip: boolean): Omit<PlaylistResponse, 'blocking'> {
    const cached = this.rendered.get(skip);
    if (cached?.version === this.version) return cached.response;
    const { window, independent, ended } = this;
    const body = renderMediaPlaylist({ epochAt: this.options.epochAt, window, independent, ended, skip });
    const etag = `"${this.options.epochAt.toString(36)}-${this.version.toString(36)}${skip ? '-d' : ''}"`;
    const response = { body, etag };
    this.rendered.set(skip, { version: this.version, response });
    return response;
  }
}

function earliestPts({ video, audio, startMs }: CutPart): number {
  const earliest = (samples: readonly TimedSample[], ticksPerMs: number): number =>
    samples.reduce((least, sample) => Math.min(least, sample.ptsTicks), Number.POSITIVE_INFINITY) / ticksPerMs;
  if (video.length > 0) return earliest(video, 90);
  return audio[0]?.startMs ?? startMs;
}

function checkRequest({ msn, part }: PlaylistRequest): void {
  const whole = (value: number | undefined): boolean =>
    value === undefined || (Number.isSafeInteger(value) && value >= 0);
  if (!whole(msn))
    throw new CodedError('playlist_request_invalid', { problem: `_HLS_msn is ${msn}, must be a whole number from 0` });
  if (!whole(part))
    throw new CodedError('playlist_request_invalid', {
      problem: `_HLS_part is ${part}, must be a whole number from 0`,
    });
  if (part !== undefined && msn === undefined)
    throw new CodedError('playlist_request_invalid', { problem: '_HLS_part needs _HLS_msn' });
}
