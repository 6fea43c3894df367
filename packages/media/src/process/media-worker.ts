import { performance } from 'node:perf_hooks';
import type { CodedSample, DropReason, VideoTrack } from '@media-analyzer/protocol';
import type { FromMedia, ParentMessage, ToMedia } from '@media-analyzer/protocol/process';
import { type DecodedFrame, UndecodableSample, VideoDecoder } from '../codec/index.js';
import { disposableTest } from './disposable.js';
import { OverloadGuard } from './overload-guard.js';
import { ProblemReport } from './problem-report.js';
import { SamplingTap } from './sampling-tap.js';
import { Tally } from './tally.js';
import { Thumbnailer } from './thumbnailer.js';

/** What the owner asks of the media process, beside what every child understands. */
export type MediaCommand = Exclude<ToMedia, ParentMessage>;
type Configuration = Extract<MediaCommand, { type: 'configure' }>;

interface Arrived {
  readonly command: MediaCommand;
  /** Monotonic, ms. */
  readonly at: number;
}

/** What a track needs to be decoded. */
interface Decoding {
  readonly track: VideoTrack;
  readonly decoder: VideoDecoder;
  readonly disposable: (data: Uint8Array) => boolean;
}

const COUNTS_EVERY_MS = 1_000;
/** Longest time to decode samples of the past, ms: later than that a keyframe would bring back the analyses as soon. */
const LONGEST_CATCH_UP_MS = 4_000;
/** A sample whose turn comes within this is in time again, ms. */
const IN_TIME_MS = 100;

/**
 * The work of the media process: takes commands in order, decodes what is wanted and hands frames to the tap and to the
 * thumbnailer. The queue is bounded by its sender, who counts the bytes that are not yet `consumed`; what waits in it too
 * long is left out by the overload guard.
 */
export class MediaWorker {
  private readonly queue: Arrived[] = [];
  private running: Promise<void> | null = null;
  private stopped = false;
  private decoding: Decoding | null = null;
  private tap: SamplingTap | null = null;
  private tapKey = '';
  private tapRate: number | null = null;
  private thumbnailer: Thumbnailer | null = null;
  private thumbnailKey = '';
  private readonly guard = new OverloadGuard();
  private readonly tally = new Tally();
  private readonly problems: ProblemReport;
  private readonly countsTimer: NodeJS.Timeout;
  /** Decoding goes on with the next keyframe; `reason` says how the frames until then are counted, null not at all. */
  private waiting: { readonly reason: DropReason | null } | null = { reason: null };
  /** Frames before the keyframe that decoding began with refer to what is not there. */
  private startPtsMs = 0;
  /** While samples of the past are decoded: the monotonic time at which that becomes hopeless, ms. */
  private catchUpUntil: number | null = null;
  /** How samples that come too late for that are counted. */
  private catchUpReason: DropReason = 'starting';
  /** Pictures up to here are of the past: decoded for those that follow, not sampled. */
  private pastPtsMs = Number.NEGATIVE_INFINITY;

  /**
   * @param send to the server
   * @param now monotonic clock, ms
   */
  constructor(
    private readonly send: (message: FromMedia) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.problems = new ProblemReport(send);
    this.countsTimer = setInterval(() => this.sendCounts(), COUNTS_EVERY_MS);
  }

  /** Takes a command; it is carried out after those before it. */
  push(command: MediaCommand): void {
    this.queue.push({ command, at: this.now() });
    this.running ??= this.run();
  }

  /** Ends after the native call that runs now, and frees everything. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.queue.length = 0;
    await this.running;
    clearInterval(this.countsTimer);
    this.problems.close();
    this.tap?.close();
    this.sendCounts();
    this.thumbnailer?.close();
    await this.decoding?.decoder.close();
  }

  private sendCounts(): void {
    this.send(this.tally.message());
  }

  private async run(): Promise<void> {
    for (let next = this.queue.shift(); next && !this.stopped; next = this.queue.shift()) await this.carryOut(next);
    this.running = null;
  }

  private async carryOut({ command, at }: Arrived): Promise<void> {
    switch (command.type) {
      case 'configure':
        await this.configure(command);
        return;
      case 'track':
        if (command.track.kind === 'video') await this.useTrack(command.track);
        return;
      case 'discontinuity':
        this.tap?.sampler.reset();
        await this.restartAtKeyframe(null);
        return;
      case 'replay':
        this.catchUpReason = command.reason;
        await this.replay(command.samples);
        return;
      case 'sample':
        this.send({ type: 'consumed', bytes: command.sample.data.length });
        if (command.sample.kind === 'video') await this.takeSample(command.sample, this.now() - at);
        return;
    }
  }

  private async configure({ sessionId, tap, thumbnail }: Configuration): Promise<void> {
    const tapKey = JSON.stringify([sessionId, tap && { ...tap, rate: null }]);
    if (tapKey !== this.tapKey) {
      this.tapKey = tapKey;
      // Without a tap only keyframes are decoded: what refers to the others cannot be, when a tap comes.
      if (!this.tap || !tap) await this.restartAtKeyframe(null);
      this.tap?.close();
      const { tally } = this;
      this.tap = tap && new SamplingTap({ sessionId, tap, tally, onLinkLost: () => this.sendCounts() });
    }
    if (tap && tap.rate !== this.tapRate) this.tap?.setRate(tap.rate);
    this.tapRate = tap?.rate ?? null;
    const thumbnailKey = JSON.stringify(thumbnail);
    if (thumbnailKey !== this.thumbnailKey) {
      this.thumbnailKey = thumbnailKey;
      this.thumbnailer?.close();
      this.thumbnailer =
        thumbnail && new Thumbnailer({ ...thumbnail, send: (one) => this.send({ type: 'thumbnail', ...one }) });
    }
  }

  private async useTrack(track: VideoTrack): Promise<void> {
    const previous = this.decoding;
    if (previous && sameConfiguration(previous.track, track)) return;
    if (previous) {
      if (!this.waiting)
        await this.guarded(previous.track, () => previous.decoder.drain((frame) => this.takeFrame(frame)));
      await previous.decoder.close();
    }
    this.decoding = null;
    this.catchUpUntil = null;
    this.waiting = { reason: null };
    await this.guarded(track, async () => {
      this.decoding = { track, decoder: await VideoDecoder.open(track), disposable: disposableTest(track) };
    });
  }

  private async takeSample(sample: CodedSample, waitedMs: number): Promise<void> {
    const { decoding, tap } = this;
    if (!decoding) return;
    tap?.sampler.arrived(sample.dtsMs);
    if (!tap) {
      await this.takeKeyframe(decoding, sample);
      return;
    }
    if (this.catchUpUntil !== null) {
      if (waitedMs > IN_TIME_MS) {
        tap.sampler.lost(sample.ptsMs, this.catchUpReason);
        await this.decodePast(decoding, sample);
        return;
      }
      this.catchUpUntil = null;
    }
    const relief = this.guard.relief(waitedMs);
    if (relief === 'to-keyframe') {
      // Leaving out takes no time, so the queue is soon empty and one of the next keyframes comes in time.
      if (this.waiting?.reason !== 'overload') await this.restartAtKeyframe('overload');
    } else if (this.waiting && sample.keyframe) {
      this.waiting = null;
      this.startPtsMs = sample.ptsMs;
    }
    if (this.waiting) {
      if (this.waiting.reason) tap.sampler.lost(sample.ptsMs, this.waiting.reason);
      return;
    }
    if (decoding.disposable(sample.data)) {
      if (relief !== 'none') {
        tap.sampler.lost(sample.ptsMs, 'overload');
        return;
      }
      if (!tap.sampler.mayTake(sample.ptsMs) && !this.thumbnailer?.due(sample.ptsMs)) return;
    }
    await this.decode(decoding, sample);
  }

  /**
   * Decodes a sample. One that is refused is lost, and the decoder goes on: what refers to it comes out as viewers see it.
   * Only when a keyframe is refused, or the decoder itself fails, there is nothing to go on from before the next keyframe.
   */
  private async decode({ track, decoder }: Decoding, sample: CodedSample): Promise<void> {
    try {
      await decoder.decode(sample, (frame) => this.takeFrame(frame));
    } catch (error) {
      this.problems.undecodable(track.codec, error);
      this.tap?.sampler.lost(sample.ptsMs, 'undecodable');
      if (sample.keyframe || !(error instanceof UndecodableSample)) await this.restartAtKeyframe('undecodable');
    }
  }

  /**
   * Brings a fresh decoder to where the stream is. Nothing of it is sampled: it was, or was counted as lost, before. What
   * arrives meanwhile is late too, and treated likewise until one comes in time.
   */
  private async replay(samples: readonly CodedSample[]): Promise<void> {
    const { decoding } = this;
    const first = samples[0];
    if (!decoding || !first || !this.tap) return;
    this.catchUpUntil = this.now() + LONGEST_CATCH_UP_MS;
    this.waiting = null;
    this.startPtsMs = first.ptsMs;
    for (const sample of samples) {
      if (this.stopped || this.waiting) return;
      await this.decodePast(decoding, sample);
    }
  }

  private async decodePast(decoding: Decoding, sample: CodedSample): Promise<void> {
    this.pastPtsMs = Math.max(this.pastPtsMs, sample.ptsMs);
    if (decoding.disposable(sample.data)) return;
    if (this.now() >= (this.catchUpUntil ?? 0)) await this.restartAtKeyframe(this.catchUpReason);
    else await this.decode(decoding, sample);
  }

  /** Nothing is sampled: a keyframe now and then is enough for thumbnails. */
  private async takeKeyframe({ track, decoder }: Decoding, sample: CodedSample): Promise<void> {
    if (!sample.keyframe || !this.thumbnailer?.due(sample.ptsMs)) return;
    this.startPtsMs = sample.ptsMs;
    await this.guarded(track, () => decoder.decodeAlone(sample, (frame) => this.takeFrame(frame)));
  }

  private async takeFrame(frame: DecodedFrame): Promise<void> {
    this.tally.decoded();
    if (frame.ptsMs < this.startPtsMs || frame.ptsMs <= this.pastPtsMs) return;
    if (frame.damaged) {
      this.tap?.sampler.lost(frame.ptsMs, 'undecodable');
      this.problems.undecodable(this.decoding!.track.codec, new Error('parts of a picture are missing or broken'));
      return;
    }
    // A picture that cannot be scaled or encoded says nothing against the next one: the decoder goes on.
    await this.tap?.offer(frame).catch((error: unknown) => this.problems.unusable('a frame for the models', error));
    await this.thumbnailer?.offer(frame).catch((error: unknown) => this.problems.unusable('a thumbnail', error));
  }

  private async restartAtKeyframe(reason: DropReason | null): Promise<void> {
    this.waiting = { reason };
    this.catchUpUntil = null;
    this.pastPtsMs = Number.NEGATIVE_INFINITY;
    const lost = (await this.decoding?.decoder.reset()) ?? [];
    if (reason) for (const sample of lost) this.tap?.sampler.lost(sample.ptsMs, reason);
  }

  /** Runs a decoder's work. What it throws is the bitstream's fault as far as anyone can know: told, not fatal. */
  private async guarded(track: VideoTrack, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.problems.undecodable(track.codec, error));
  }
}

function sameConfiguration(a: VideoTrack, b: VideoTrack): boolean {
  return a.codec === b.codec && Buffer.compare(a.configuration, b.configuration) === 0;
}
