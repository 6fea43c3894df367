import { CodedError } from '@media-analyzer/protocol';
import { hintedPart, renderMediaPlaylist } from './playlist.js';
import type { HeldMedia, PlaylistRequest, PlaylistResponse } from './types.js';
import { Waiters } from './waiters.js';
import type { LiveSegment, SegmentWindow } from './window.js';

/** Blocked requests wait this many target durations (RFC 8216bis 6.2.5.2). */
const BLOCK_TARGET_DURATIONS = 3;

/** What answers to playlist requests are made of. */
export interface DeliveryOptions {
  readonly epochAt: number;
  readonly window: SegmentWindow;
  readonly maxWaiters: number;
}

/** Answers playlist and part requests from the window, and holds those that ask for what is not there yet. */
export class Delivery {
  /** Unix ms of the newest sample: tells a publisher that is away from one whose segment takes long. */
  lastSampleAt = 0;
  private hasEnded = false;
  private notifying = false;
  /** Counts publications: the playlist changes with it. */
  private version = 0;
  private readonly waiters: Waiters;
  private readonly rendered = new Map<boolean, { version: number; response: Omit<PlaylistResponse, 'blocking'> }>();

  constructor(private readonly options: DeliveryOptions) {
    this.waiters = new Waiters(options.maxWaiters);
  }

  get waiting(): number {
    return this.waiters.count;
  }

  /** All segments in the playlist begin with keyframes. */
  get independent(): boolean {
    return this.options.window.segments.every(({ independent }) => independent);
  }

  get ended(): boolean {
    return this.hasEnded;
  }

  /** The first segment is complete: hls.js and ffmpeg refuse a playlist of parts alone. */
  get playable(): boolean {
    const first = this.options.window.segments[0];
    return first !== undefined && !first.open;
  }

  /** The window changed. A part and the end of its segment, in one call of the packager, reach the requests together. */
  changed(): void {
    this.version += 1;
    if (this.notifying) return;
    this.notifying = true;
    queueMicrotask(() => {
      this.notifying = false;
      this.waiters.notify();
    });
  }

  /** Nothing more comes: all who wait get what there is. */
  end(): void {
    this.hasEnded = true;
    this.version += 1;
    this.waiters.end();
  }

  /** Resolves with false when it did not become playable in time. */
  async whenPlayable(timeoutMs: number): Promise<boolean> {
    return this.waiters.wait(() => this.playable, timeoutMs);
  }

  /** See `LiveHlsPackager.mediaPlaylist`. */
  async mediaPlaylist(request: PlaylistRequest): Promise<PlaylistResponse> {
    const { msn, part } = request;
    checkRequest(request);
    if (msn !== undefined) this.checkNotTooFar(msn, part);
    const ready = (): boolean => this.hasEnded || (this.playable && (msn === undefined || this.has(msn, part)));
    const { targetDuration } = this.options.window;
    const waitMs = BLOCK_TARGET_DURATIONS * targetDuration * 1000;
    const fulfilled = await this.waiters.wait(ready, waitMs);
    if (!fulfilled) {
      const publisherAway = this.playable && Date.now() - this.lastSampleAt > targetDuration * 1000;
      if (!publisherAway) throw new CodedError('playlist_timeout', { waitMs });
    }
    return { ...this.render(request.skip === true || request.skip === 'v2'), blocking: fulfilled && msn !== undefined };
  }

  /** A part, after waiting for it when it is the one that the playlist hints at; null when it is not here. */
  async part(name: string, msn: number, index: number): Promise<HeldMedia | null> {
    const { window } = this.options;
    const find = (): Uint8Array | null => window.byMsn(msn)?.parts[index]?.bytes ?? null;
    if (!this.hasEnded && name === hintedPart(window)) {
      const waitMs = BLOCK_TARGET_DURATIONS * window.targetDuration * 1000;
      // Also over when the hint was wrong: the segment ended before this part.
      await this.waiters.wait(() => find() !== null || name !== hintedPart(window), waitMs);
    }
    return this.lend(window.byMsn(msn), find());
  }

  /** A whole segment that is in memory, or null. */
  segment(name: string): HeldMedia | null {
    const segment = this.options.window.find(name);
    return this.lend(segment, segment?.bytes ?? null);
  }

  private lend(segment: LiveSegment | undefined, bytes: Uint8Array | null): HeldMedia | null {
    return segment && bytes ? { bytes, release: this.options.window.lend(segment) } : null;
  }

  private has(msn: number, part: number | undefined): boolean {
    const { newest } = this.options.window;
    if (!newest || newest.msn < msn) return false;
    // A part beyond the end of its segment means the first one of the next.
    if (newest.msn > msn) return true;
    return part === undefined ? !newest.open : newest.parts.length > part;
  }

  private checkNotTooFar(msn: number, part: number | undefined): void {
    const { window } = this.options;
    const open = window.openSegment;
    const edge = open ? open.msn - 1 : window.upcomingMsn - 1;
    // The Advance Part Limit of RFC 8216bis 6.2.5.2.
    const partTarget = window.partTargetMs / 1000;
    const advanceLimit = partTarget < 1 ? Math.ceil(3 / partTarget) : 3;
    // hls.js without low latency asks for the last part that it expects of a whole segment: that is not far either.
    const usualParts = Math.max(0, ...window.segments.slice(-3).map(({ parts }) => parts.length));
    const farPart = msn === edge + 1 && part !== undefined && part >= usualParts + advanceLimit;
    if (msn > edge + 2 || farPart) throw new CodedError('playlist_too_far_ahead', { msn, edge });
  }

  private render(skip: boolean): Omit<PlaylistResponse, 'blocking'> {
    const cached = this.rendered.get(skip);
    if (cached?.version === this.version) return cached.response;
    const { epochAt, window } = this.options;
    const body = renderMediaPlaylist({ epochAt, window, independent: this.independent, ended: this.hasEnded, skip });
    const etag = `"${epochAt.toString(36)}-${this.version.toString(36)}${skip ? '-d' : ''}"`;
    const response = { body, etag };
    this.rendered.set(skip, { version: this.version, response });
    return response;
  }
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
