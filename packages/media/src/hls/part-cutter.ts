import type { AudioTrack, CodedSample, Track, VideoTrack } from '@media-analyzer/protocol';
import { VIDEO_TIMESCALE } from '../fmp4/index.js';
import { AudioLane } from './audio-lane.js';
import { PicturePace } from './picture-pace.js';
import { type PictureRole, SegmentEntries } from './segment-entries.js';
import type { CutLimits, SegmentPolicy } from './segment-policy.js';
import { SoundPace } from './sound-pace.js';
import { type TimedSample, timedSample, withDuration } from './timed-sample.js';
import type { SampleDropReason } from './types.js';

/** A stretch of the timeline with the samples that start in it; at least one. */
export interface CutPart {
  /** On the decode timeline, ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly video: readonly TimedSample[];
  readonly audio: readonly TimedSample[];
  /** Sound goes on alone: the picture has been missing for long. */
  readonly soundOnly: boolean;
}

export interface CutterListener {
  part(part: CutPart): void;
  /** The parts since the last call form a segment. */
  segmentEnd(): void;
  /** What follows does not continue what was before: the picture came back after it was missing. */
  discontinuity(): void;
  dropped(reason: SampleDropReason): void;
}

/** Sound may come this much later than the picture of the same time before a part is published without it, ms. */
const AUDIO_WAIT_MS = 500;
const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;
const DEFAULT_FRAME_TICKS = VIDEO_TIMESCALE / 30;
/** Sums of frame durations in floating point: less than one tick of any timescale. */
const EPSILON_MS = 0.005;

interface Cut {
  readonly atMs: number;
  readonly endsSegment: boolean;
}

/**
 * Cuts samples into parts and segments, on the decode timeline of the picture (or of the sound when there is no picture).
 *
 * A part is a stretch of time; a sample belongs to the part in which it starts. That way parts keep their length when
 * frames last longer than a part (variable frame rate): the frame is in the part where it starts, and the next part has
 * the sound below its rest. Decode times, not presentation times, also decide where sound goes, so that no part has to
 * wait for the reordering delay of B-frames, and no segment's sound starts before its first picture is decoded: players
 * (hls.js) map time by whichever track comes first.
 *
 * A frame's duration is known when the next one arrives; a part is handed out at that moment, once its sound is there.
 */
export class PartCutter {
  private readonly lane: AudioLane | null;
  private readonly hasVideo: boolean;
  private readonly frameTicks: number;
  /** Complete pictures not yet handed out. */
  private pictures: TimedSample[] = [];
  /** The newest picture, whose duration is not known yet. */
  private held: TimedSample | null = null;
  private running = false;
  /** The picture has been missing for so long that sound sets the pace. */
  private soundOnly: boolean;
  private soundLate = false;
  private readonly soundPace = new SoundPace(AUDIO_WAIT_MS);
  private readonly picturePace: PicturePace;
  /** Init segment of the pictures that follow; null: that of the pictures before. */
  private nextInit: string | null = null;
  private readonly entries: SegmentEntries;
  /** Where the current part, segment and uninterrupted stretch began, and the last keyframe handed out, ms. */
  private partStartMs = 0;
  private segmentStartMs = 0;
  private stretchStartMs = 0;
  private keyframeMs = 0;
  private segmentBytes = 0;
  private segmentHasParts = false;

  constructor(
    tracks: readonly Track[],
    private readonly limits: CutLimits,
    private readonly policy: SegmentPolicy,
    private readonly listener: CutterListener,
  ) {
    const audio = tracks.find((track): track is AudioTrack => track.kind === 'audio');
    const video = tracks.find((track): track is VideoTrack => track.kind === 'video');
    this.lane = audio ? new AudioLane(audio) : null;
    this.hasVideo = video !== undefined;
    this.entries = new SegmentEntries(tracks);
    this.soundOnly = !this.hasVideo;
    this.picturePace = new PicturePace(limits.maxSegmentMs);
    this.frameTicks = video?.frameRate ? Math.round(VIDEO_TIMESCALE / video.frameRate) : DEFAULT_FRAME_TICKS;
  }

  /** Bytes of samples that wait to be handed out. */
  get heldBytes(): number {
    const pictures = this.pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    return pictures + (this.held?.data.length ?? 0) + (this.lane?.bytes ?? 0);
  }

  push(sample: CodedSample): void {
    if (sample.kind === 'video') this.pushPicture(sample);
    else this.pushSound(sample);
    this.pump(false);
  }

  /** The next keyframe begins a segment with this init segment, of these tracks; the timeline goes on. */
  changeInit(initName: string, tracks: readonly Track[]): void {
    this.nextInit = initName;
    this.entries.configure(tracks);
  }

  /**
   * Ends the segment with everything that waits. The next picture has to be a keyframe.
   *
   * @param options `more`: the session goes on. A segment without a part yet, a fraction of a second, is then left out:
   *   hls.js stops for good at a segment before a discontinuity in which sound and picture do not overlap.
   */
  flush(options: { readonly more: boolean }): void {
    if (this.running && options.more && !this.segmentHasParts) this.dropTail();
    else if (this.running) {
      this.completeHeld(this.held ? this.lastDuration() : 0);
      this.pump(true);
      this.handOutRest();
      this.endSegment();
    }
    this.running = false;
    this.soundOnly = !this.hasVideo;
    this.soundLate = false;
    this.soundPace.reset();
    this.lane?.resync();
  }

  private dropTail(): void {
    const sound = this.lane?.take(Number.POSITIVE_INFINITY) ?? [];
    const count = this.pictures.length + (this.held ? 1 : 0) + sound.length;
    for (let i = 0; i < count; i += 1) this.listener.dropped('tail');
    this.pictures = [];
    this.held = null;
  }

  private pushPicture(sample: CodedSample): void {
    if (!this.hasVideo) {
      this.listener.dropped('no_track');
      return;
    }
    const newestTicks = this.held?.dtsTicks ?? -1;
    const dtsTicks = Math.max(Math.round(sample.dtsMs * TICKS_PER_MS), newestTicks + 1, 0);
    const ptsTicks = Math.max(Math.round(sample.ptsMs * TICKS_PER_MS), 0);
    const { capturedAt } = sample;
    if (this.entries.leavesOut(sample)) {
      this.listener.dropped('leading');
      return;
    }
    const { keyframe, entry, begins } = this.roleOf(sample, dtsTicks / TICKS_PER_MS);
    const picture = timedSample({
      ...{ keyframe, entry, begins, capturedAt },
      ...{ dtsTicks, ptsTicks, durationTicks: 0, timescale: VIDEO_TIMESCALE },
      data: this.entries.dataOf(sample, { keyframe, entry }),
    });
    if (!this.running || this.soundOnly) {
      if (!keyframe) {
        this.picturePace.missed();
        this.listener.dropped('before_keyframe');
        return;
      }
      if (this.running) {
        this.flush({ more: true });
        this.listener.discontinuity();
      }
      this.start(picture.startMs);
      this.soundOnly = false;
    } else {
      this.completeHeld(dtsTicks - newestTicks);
      this.picturePace.followed(picture.startMs);
    }
    this.picturePace.came(picture.startMs);
    this.held = picture;
  }

  /**
   * What a picture is to the segments. A clean keyframe may begin one. Others cost something (pictures are left out, or are not
   * whole at first), so they begin one only when one is due, and are ordinary pictures otherwise.
   */
  private roleOf({ keyframe, entry }: CodedSample, startMs: number): PictureRole & Pick<TimedSample, 'begins'> {
    if (!keyframe) return { keyframe, entry: null, begins: null };
    const initName = this.nextInit;
    const opens = !this.running || this.soundOnly || initName !== null;
    if (!entry || entry === 'closed') {
      this.nextInit = null;
      return { keyframe, entry: null, begins: initName === null ? null : { initName } };
    }
    const intervalMs = startMs - this.newestKeyframeBefore(startMs);
    const due = opens || this.policy.cutsAtKeyframe(startMs - this.segmentStartMs + EPSILON_MS, intervalMs);
    if (!due) return { keyframe: false, entry: null, begins: null };
    this.nextInit = null;
    return { keyframe, entry, begins: { initName } };
  }

  private pushSound(sample: CodedSample): void {
    if (!this.lane) {
      this.listener.dropped('no_track');
      return;
    }
    if (this.running && sample.ptsMs < this.stretchStartMs - EPSILON_MS) {
      this.listener.dropped('before_keyframe');
      return;
    }
    if (this.running) this.silenced(Math.min(sample.ptsMs, this.newestPictureMs));
    this.picturePace.heard(sample.ptsMs);
    if (this.held && !this.soundOnly && this.picturePace.neverReachesSound) {
      this.listener.dropped('ahead');
      return;
    }
    this.soundPace.came(sample.ptsMs, this.newestPictureMs);
    const problem = this.lane.push(sample);
    if (problem) {
      this.listener.dropped(problem);
      return;
    }
    const first = this.lane.frames[0];
    if (!first) return;
    if (!this.running) {
      if (this.hasVideo && this.lane.endMs - first.startMs < this.picturePace.patienceMs) return;
      this.soundOnly = true;
      this.start(first.startMs);
    } else if (this.held && !this.soundOnly && this.picturePace.stopped) {
      this.completeHeld(Math.round(this.lane.endMs * TICKS_PER_MS) - this.held.dtsTicks);
      this.pump(true);
      this.soundOnly = true;
    }
  }

  /**
   * Sound was there and has stopped while pictures go on: silence takes its place, because players show no picture that has
   * no sound where sound is promised.
   */
  private silenced(untilMs: number): boolean {
    if (!this.lane || !this.soundPace.stopped(this.newestPictureMs)) return false;
    return this.lane.fill({ fromMs: this.partStartMs, untilMs, capturedAt: this.held?.capturedAt ?? Date.now() });
  }

  private get newestPictureMs(): number {
    return this.held?.startMs ?? this.pictures.at(-1)?.endMs ?? Number.NaN;
  }

  private start(atMs: number): void {
    this.running = true;
    this.partStartMs = atMs;
    this.segmentStartMs = atMs;
    this.stretchStartMs = atMs;
    this.keyframeMs = atMs;
    this.segmentBytes = 0;
    for (const _ of this.lane?.take(atMs) ?? []) this.listener.dropped('before_keyframe');
  }

  private completeHeld(durationTicks: number): void {
    if (this.held) this.pictures.push(withDuration(this.held, durationTicks, VIDEO_TIMESCALE));
    this.held = null;
  }

  private lastDuration(): number {
    return this.pictures.at(-1)?.durationTicks ?? this.frameTicks;
  }

  /** Hands out parts for as long as one is complete. */
  private pump(flushing: boolean): void {
    while (this.running) {
      const cut = this.nextCut();
      if (!cut || !(flushing || this.soundComplete(cut.atMs))) return;
      this.handOut(cut.atMs, cut.atMs);
      if (!cut.endsSegment) continue;
      // A rest without content belongs to no part: the next segment begins with its keyframe.
      this.partStartMs = cut.atMs;
      this.endSegment();
    }
  }

  private nextCut(): Cut | null {
    const paced = this.soundOnly && this.pictures.length === 0 ? (this.lane?.frames ?? []) : this.pictures;
    const start = this.partStartMs;
    const first = paced[0] ?? this.held;
    const splitMs = start + this.limits.partAimMs;
    if (first && first.startMs - start > this.limits.partLimitMs + EPSILON_MS && this.soundSpans(splitMs)) {
      return { atMs: splitMs, endsSegment: false };
    }
    let bytes = this.segmentBytes;
    for (let i = 0; i < paced.length; i += 1) {
      const sample = paced[i]!;
      if (sample.startMs > start + EPSILON_MS && this.startsSegment(sample, bytes))
        return { atMs: sample.startMs, endsSegment: true };
      bytes += sample.data.length;
      const lengthMs = sample.endMs - start;
      if (lengthMs < this.limits.partMinMs - EPSILON_MS) continue;
      if (lengthMs > this.limits.partLimitMs + EPSILON_MS && this.canSplit(sample, splitMs))
        return { atMs: splitMs, endsSegment: false };
      const next = paced[i + 1] ?? (paced === this.pictures ? this.held : null);
      const follower = next ?? { startMs: sample.endMs, keyframe: paced !== this.pictures };
      return { atMs: sample.endMs, endsSegment: this.startsSegment(follower, bytes) };
    }
    const next = paced === this.pictures ? this.held : null;
    if (next && next.startMs > start + EPSILON_MS && this.startsSegment(next, bytes))
      return { atMs: next.startMs, endsSegment: true };
    return null;
  }

  private startsSegment(
    sample: Pick<TimedSample, 'startMs' | 'keyframe'> & Partial<Pick<TimedSample, 'begins'>>,
    bytes: number,
  ): boolean {
    const elapsedMs = sample.startMs - this.segmentStartMs;
    if (sample.begins && elapsedMs > EPSILON_MS) return true;
    if (this.policy.cutsAnywhere(elapsedMs, bytes)) return true;
    if (!sample.keyframe) return false;
    const intervalMs = this.soundOnly ? 0 : sample.startMs - this.newestKeyframeBefore(sample.startMs);
    return this.policy.cutsAtKeyframe(elapsedMs + EPSILON_MS, intervalMs);
  }

  private newestKeyframeBefore(atMs: number): number {
    const waiting = this.pictures.findLast((picture) => picture.keyframe && picture.startMs < atMs);
    return waiting?.startMs ?? this.keyframeMs;
  }

  /** A sample runs past the part's end: can the part end within it? Only if both it and the next one have content. */
  private canSplit(sample: TimedSample, atMs: number): boolean {
    const content = this.pictures[0] !== undefined && this.pictures[0].startMs < atMs;
    if (!content && !this.lane?.startsBefore(atMs)) return false;
    const soundFollows = this.lane !== null && this.lane.endMs > atMs;
    const pictureFollows = sample.startMs >= atMs || sample.endMs < atMs + this.limits.partAimMs;
    return soundFollows || pictureFollows;
  }

  /** There is sound for the part until then, and for the next one. */
  private soundSpans(atMs: number): boolean {
    return this.lane?.startsBefore(atMs) === true && this.lane.endMs > atMs;
  }

  private soundComplete(atMs: number): boolean {
    if (!this.lane || this.soundOnly) return true;
    // One frame of RTMP's rounding to whole ms must not delay a part.
    if (this.lane.endMs >= atMs - 1) {
      this.soundLate = false;
      return true;
    }
    if (this.silenced(atMs)) return true;
    if (this.newestPictureMs - atMs >= AUDIO_WAIT_MS) this.soundLate = true;
    return this.soundLate;
  }

  /** Hands out what starts before `untilMs` as a part that ends at `endMs`; without content the stretch stays open. */
  private handOut(untilMs: number, endMs: number): void {
    let count = this.pictures.findIndex((picture) => picture.startMs >= untilMs - EPSILON_MS);
    if (count === -1) count = this.pictures.length;
    const video = this.pictures.splice(0, count);
    // Exactly, without tolerance: see the class comment on which track comes first.
    const audio = this.lane?.take(untilMs) ?? [];
    if (video.length === 0 && audio.length === 0) return;
    for (const picture of video) if (picture.keyframe) this.keyframeMs = picture.startMs;
    for (const sample of [...video, ...audio]) this.segmentBytes += sample.data.length;
    this.segmentHasParts = true;
    const soundOnly = this.soundOnly && video.length === 0;
    this.listener.part({ startMs: this.partStartMs, endMs, video, audio, soundOnly });
    this.partStartMs = endMs;
  }

  private handOutRest(): void {
    const pictureEnd = this.pictures.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
    const soundEnd = this.lane && this.lane.frames.length > 0 ? this.lane.endMs : Number.NEGATIVE_INFINITY;
    // A tail of sound shorter than a part does not lengthen the segment: the timeline is the picture's.
    const endMs = soundEnd - pictureEnd > this.limits.partLimitMs ? soundEnd : pictureEnd;
    while (endMs - this.partStartMs > this.limits.partLimitMs) {
      const before = this.partStartMs;
      this.handOut(before + this.limits.partAimMs, before + this.limits.partAimMs);
      if (this.partStartMs === before) break;
    }
    this.handOut(Number.POSITIVE_INFINITY, Math.max(endMs, this.partStartMs));
  }

  private endSegment(): void {
    if (this.segmentHasParts) {
      this.policy.segmentEnded();
      this.listener.segmentEnd();
    }
    this.segmentHasParts = false;
    this.segmentStartMs = this.partStartMs;
    this.segmentBytes = 0;
  }
}
