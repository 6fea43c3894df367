import type { CodedError } from '@media-analyzer/protocol';
import type { LogLevel } from '@media-analyzer/protocol/process';

/** What is known of a finished segment. Enough to list it in a playlist later: see `vodPlaylist`. */
export interface SegmentInfo {
  /** Resource name, for example `seg-12.m4s`. */
  readonly name: string;
  /** Media sequence number, counted from 0 in each session. */
  readonly msn: number;
  /** Earliest PTS in the segment (of its video, if it has any), ms on the session clock. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** Initialization segment that it needs, for example `init-0.mp4`. */
  readonly initName: string;
  /** The timeline or the coding breaks right before this segment. */
  readonly discontinuity: boolean;
  /** It starts with a keyframe, so that playback can start with it. */
  readonly independent: boolean;
  /** It could not be stored: it stays in the timeline, without media. */
  readonly gap: boolean;
}

/**
 * Where finished segments go. Both calls may fail; the packager then goes on and marks what is missing as a gap. The bytes of a
 * segment are its own only until the call is settled: their memory is used again.
 */
export interface SegmentStore {
  putInit(name: string, bytes: Uint8Array): Promise<void>;
  putSegment(info: SegmentInfo, bytes: Uint8Array): Promise<void>;
}

/** Media in memory that somebody asked for. */
export interface HeldMedia {
  readonly bytes: Uint8Array;
  /** To be called when the bytes are sent, or never will be: their memory is then used again. */
  release(): void;
}

/** Query of a playlist request, as RFC 8216bis 6.2.5 defines it (`_HLS_msn`, `_HLS_part`, `_HLS_skip`). */
export interface PlaylistRequest {
  readonly msn?: number;
  readonly part?: number;
  /** `true` for `YES`. */
  readonly skip?: boolean | 'v2';
}

export interface PlaylistResponse {
  readonly body: string;
  /** Strong entity tag, quotes included. The same body has the same tag. */
  readonly etag: string;
  /** The request named a part or segment and got it: a cache may keep the answer for some target durations. */
  readonly blocking: boolean;
}

export interface LiveHlsPackagerOptions {
  /** Unix ms of PTS 0. */
  readonly epochAt: number;
  readonly store: SegmentStore;
  /** Wanted segment duration, ms; segments are cut at the keyframe nearest to it. Default 2000. */
  readonly targetSegmentMs?: number;
  /** Wanted part duration, ms. `PART-TARGET` is 8 % more, so that whole frames fit. Default 250. */
  readonly partTargetMs?: number;
  /** How much of the session the playlist lists (DVR window), ms. Default 30 minutes. */
  readonly windowMs?: number;
  /** Blocked requests at a time; more are refused with `too_many_requests`. Default 2000. */
  readonly maxWaiters?: number;
  log?(level: LogLevel, text: string, fields?: Record<string, unknown>): void;
  /** A segment is finished and stored, or `gap` is true and it is lost. In order of `msn`. */
  onSegment?(info: SegmentInfo): void;
  /** Storing started to fail (`storage_full`, `storage_failed`); null when it works again. */
  onStoreProblem?(problem: CodedError | null): void;
}

/** Counters since the session began. */
export interface PackagedTotals {
  readonly segments: number;
  readonly parts: number;
  /** Bytes of media packaged. */
  readonly bytes: number;
}

/** Counters since the session began, and rates over the last seconds. */
export interface PackagerStats extends PackagedTotals {
  /** Bytes of media held in memory right now. */
  readonly heldBytes: number;
  /** Requests blocked right now. */
  readonly waiters: number;
  readonly segmentsNotStored: number;
  /** Samples not packaged, by reason. */
  readonly dropped: Readonly<Record<SampleDropReason, number>>;
  /** Longest of the recent keyframe intervals, ms; null before the second keyframe. */
  readonly keyframeIntervalMs: number | null;
  /** Frames per second over the last seconds; null when unknown. */
  readonly frameRate: number | null;
  /** Peak and mean of the segments' bit rates, bits per second. */
  readonly peakBitrate: number;
  readonly averageBitrate: number;
}

/** Why a sample was not packaged. */
export type SampleDropReason =
  | 'no_track' // its track is not announced
  | 'before_keyframe' // video that cannot be decoded, and sound before the first picture
  | 'overlap' // sound that lies before what is already there
  | 'ahead' // sound of a clock so fast that its picture never comes
  | 'tail' // less than a part between a keyframe and a break of the timeline
  | 'leading' // refers to what is before the keyframe that its segment begins with
  | 'invalid'; // no frame at all: an empty or broken packet
