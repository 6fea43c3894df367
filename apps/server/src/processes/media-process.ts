import {
  CodedError,
  type CodedSample,
  type DropReason,
  type ProcessState,
  type Track,
  type VideoTrack,
} from '@media-analyzer/protocol';
import {
  type FrameTap,
  type FromMedia,
  MissedTicks,
  PicturePace,
  samplingGrid,
  type ToMedia,
} from '@media-analyzer/protocol/process';
import { type ChildEntry, resolveChildEntry } from './child-entry.js';
import { addCounts, type MediaCounts, NO_COUNTS } from './media-counts.js';
import { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from './process-limits.js';
import type { ProcessLogger } from './process-logger.js';
import type { ProcessTable } from './process-table.js';
import { DEFAULT_REPLAY_LIMITS, ReplayBuffer, type ReplayLimits } from './replay-buffer.js';
import { SupervisedProcess } from './supervised-process.js';

/** A JPEG of `width` pixels (height follows) of the first keyframe after each `everyMs` of stream time. */
export interface ThumbnailRequest {
  readonly everyMs: number;
  readonly width: number;
}

export interface MediaProcessLimits extends ProcessLimits {
  /** Bytes of samples sent and not yet consumed; beyond, samples are dropped up to the next keyframe. */
  readonly maxInFlightBytes: number;
  /** Samples kept for the process that takes the place of one that ended. */
  readonly replay: ReplayLimits;
}

export const DEFAULT_MEDIA_LIMITS: MediaProcessLimits = {
  ...DEFAULT_PROCESS_LIMITS,
  // About 10 s of 6 Mbit/s: the process itself skips far earlier, so only a hanging one gets here.
  maxInFlightBytes: 8 * 1024 * 1024,
  replay: DEFAULT_REPLAY_LIMITS,
};

export interface MediaProcessOptions {
  readonly sessionId: string;
  /** Where sampled frames go, or null: nothing is analysed and only keyframes for thumbnails are decoded. */
  readonly tap: FrameTap | null;
  readonly thumbnail: ThumbnailRequest | null;
  readonly log: ProcessLogger;
  /** Where the process can be seen. */
  readonly table?: ProcessTable;
  readonly limits?: Partial<MediaProcessLimits>;
  /** Another program than the media package's own; for tests. */
  readonly entry?: ChildEntry;
  onThumbnail(thumbnail: { readonly ptsMs: number; readonly jpeg: Uint8Array }): void;
  /** Totals of the session over all restarts, about once a second. */
  onCounts(counts: MediaCounts): void;
  /** The bitstream could not be decoded; at most about one a second. The process goes on with the next keyframe. */
  onProblem(problem: CodedError): void;
  onState(state: ProcessState, problem: CodedError | null): void;
}

/**
 * The media process of one session, as its owner sees it: takes the session's samples and never blocks. Whatever happens
 * to the process, the next one gets the configuration, the last video track and the samples since the last keyframe, so that
 * it goes on at once, however far the next keyframe is. Where these are too many it starts with the next keyframe.
 */
export class MediaProcess {
  private readonly limits: MediaProcessLimits;
  private readonly process: SupervisedProcess<ToMedia, FromMedia>;
  private tap: FrameTap | null;
  private missed: MissedTicks | null;
  private videoTrack: VideoTrack | null = null;
  private readonly replay: ReplayBuffer;
  private readonly pictures: PicturePace | null;
  private inFlightBytes = 0;
  /** Why samples are passed over until the next keyframe, or null when they flow. */
  private waiting: DropReason | null = 'starting';
  /** How samples are counted that come while no process is ready: the first one is on its way, later ones took its place. */
  private absence: DropReason = 'starting';
  /** Counts of the processes that ended, and what this end dropped. */
  private ended: MediaCounts = NO_COUNTS;
  private running: MediaCounts = NO_COUNTS;

  constructor(private readonly options: MediaProcessOptions) {
    this.limits = { ...DEFAULT_MEDIA_LIMITS, ...options.limits };
    this.replay = new ReplayBuffer(this.limits.replay);
    this.tap = options.tap;
    this.missed = missedTicksOf(options.tap);
    this.pictures = options.thumbnail && new PicturePace(options.thumbnail.everyMs);
    this.process = new SupervisedProcess<ToMedia, FromMedia>({
      name: 'media',
      entry: options.entry ?? resolveChildEntry('@media-analyzer/media/process'),
      limits: this.limits,
      log: options.log,
      table: options.table,
      sessionId: options.sessionId,
      onReady: () => this.configureFresh(),
      onMessage: (message) => this.receive(message),
      onLastWords: (message) => {
        if (message.type === 'counts') this.receive(message);
      },
      onState: (state, problem) => this.changed(state, problem),
    });
  }

  get state(): ProcessState {
    return this.process.state;
  }

  get pid(): number | null {
    return this.process.pid;
  }

  /** Bytes, at the last heartbeat. */
  get residentBytes(): number {
    return this.process.residentBytes;
  }

  /** Totals of the session so far, over all restarts. */
  get counts(): MediaCounts {
    return addCounts(this.ended, this.running);
  }

  start(): void {
    this.process.start();
  }

  /**
   * Changes what is sampled, without restart; null stops sampling. Where nothing was sampled before, only keyframes were
   * decoded: the samples since the last one are sent again.
   */
  setTap(tap: FrameTap | null): void {
    const begins = this.tap === null && tap !== null;
    this.tap = tap;
    this.missed = missedTicksOf(tap);
    this.sendConfiguration();
    if (begins) this.sendReplay('starting');
  }

  /** A new decoder configuration; the samples that follow need it. Audio is of no use here and passed over. */
  track(track: Track): void {
    if (track.kind !== 'video') return;
    if (this.videoTrack && !sameConfiguration(this.videoTrack, track)) this.replay.clear();
    this.videoTrack = track;
    this.process.send({ type: 'track', track });
  }

  /** Takes the next sample in decode order. What cannot be taken is dropped up to the next keyframe and counted. */
  sample(sample: CodedSample): void {
    if (sample.kind !== 'video') return;
    this.replay.add(sample);
    // Only keyframes for pictures are decoded then. Passing the rest over costs as much as packaging it, so it stays here.
    if (this.tap === null && !(sample.keyframe && this.pictures?.due(sample.ptsMs))) return;
    if (sample.keyframe && this.process.state === 'running') this.waiting = null;
    const busy = this.inFlightBytes > 0 && this.inFlightBytes + sample.data.length > this.limits.maxInFlightBytes;
    if (this.process.state !== 'running') this.waiting = this.absence;
    else if (busy) this.waiting = 'overload';
    if (this.waiting === null) {
      if (this.process.send({ type: 'sample', sample })) {
        this.inFlightBytes += sample.data.length;
        return;
      }
      this.waiting = 'overload';
    }
    this.dropped(sample, this.waiting);
  }

  /** Timestamps or content jump here. */
  discontinuity(): void {
    this.replay.clear();
    this.missed?.clear();
    this.process.send({ type: 'discontinuity' });
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.process.stop();
  }

  private configureFresh(): void {
    this.inFlightBytes = 0;
    this.waiting = this.absence;
    this.sendConfiguration();
    if (!this.videoTrack) return;
    this.process.send({ type: 'track', track: this.videoTrack });
    // Without a tap only keyframes are decoded, and the next one does.
    if (this.tap) this.sendReplay(this.absence);
  }

  private sendReplay(reason: DropReason): void {
    if (this.process.state !== 'running') return;
    const samples = this.replay.take();
    if (samples.length > 0 && this.process.send({ type: 'replay', samples, reason })) this.waiting = null;
  }

  private sendConfiguration(): void {
    const { sessionId, thumbnail } = this.options;
    this.process.send({ type: 'configure', sessionId, tap: this.tap, thumbnail });
  }

  private receive(message: Exclude<FromMedia, { type: 'ready' | 'pong' | 'log' }>): void {
    switch (message.type) {
      case 'consumed':
        this.inFlightBytes = Math.max(0, this.inFlightBytes - message.bytes);
        return;
      case 'thumbnail':
        // Only of what came: one that could not be made is wanted of the next keyframe.
        this.pictures?.made(message.ptsMs);
        this.options.onThumbnail({ ptsMs: message.ptsMs, jpeg: message.jpeg });
        return;
      case 'counts':
        this.running = {
          decoded: message.decoded,
          sampled: message.sampled,
          sent: message.sent,
          dropped: message.dropped,
          linkLosses: message.linkLosses,
        };
        this.options.onCounts(this.counts);
        return;
      case 'problem':
        this.options.onProblem(new CodedError(message.code, message.details));
        return;
    }
  }

  private changed(state: ProcessState, problem: CodedError | null): void {
    if (state !== 'running' && state !== 'starting') {
      this.absence = 'media_down';
      this.ended = this.counts;
      this.running = NO_COUNTS;
      this.inFlightBytes = 0;
    }
    this.options.onState(state, problem);
  }

  private dropped(sample: CodedSample, reason: DropReason): void {
    if (!this.missed || this.missed.note(sample.ptsMs) === 0) return;
    this.ended = addCounts(this.ended, { ...NO_COUNTS, sampled: 1, dropped: { [reason]: 1 } });
  }
}

function sameConfiguration(a: VideoTrack, b: VideoTrack): boolean {
  return a.codec === b.codec && Buffer.compare(a.configuration, b.configuration) === 0;
}

function missedTicksOf(tap: FrameTap | null): MissedTicks | null {
  return tap && new MissedTicks(samplingGrid(tap.rate));
}
