import { CodedError, type CodedSample, type VideoTrack } from '@media-analyzer/protocol';
import { UPRIGHT } from '@media-analyzer/protocol/process';
import { AV_CODEC_ID_AV1, AVERROR_INVALIDDATA, FF_THREAD_SLICE } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, Frame, Packet } from 'node-av/lib';
import { DecodedFrame } from './decoded-frame.js';
import { asBuffer, check, isDrained, nativeProblem, VIDEO_CODEC_IDS } from './native.js';
import { statedTurn } from './picture-shape.js';

/** What FFmpeg refused was one sample: the decoder can go on with the next. */
export class UndecodableSample extends CodedError {}

/** Takes a decoded frame, which is valid until the handler (or its promise) returns. */
export type FrameHandler = (frame: DecodedFrame) => void | Promise<void>;

/** A sample whose picture has not come out after this many others never will. The deepest reordering is 16 pictures. */
const MAX_UNDER_WAY = 64;

/**
 * Decodes a video track's samples into pictures in presentation order, each with the exact times of its sample.
 *
 * Pictures come out as early as reordering allows. Frame threads are not used: measured, they delay every picture by one
 * more sample (33 ms at 30 fps) and gain nothing on a stream that is decoded in time. The LOW_DELAY flag is not used: it
 * loses pictures of streams with B-frames that do not announce their reordering depth, and measured no gain on others.
 */
export class VideoDecoder {
  private readonly packet = new Packet();
  private readonly frame = new Frame();
  private readonly underWay = new Map<bigint, CodedSample>();
  private ticket = 0n;
  private newestDtsMs = 0;
  private turn = UPRIGHT;
  private pending: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    readonly track: VideoTrack,
    private readonly context: CodecContext,
  ) {
    this.packet.alloc();
    this.frame.alloc();
  }

  /** @throws CodedError `decode_failed` when the configuration is refused */
  static async open(track: VideoTrack): Promise<VideoDecoder> {
    const id = VIDEO_CODEC_IDS[track.codec];
    const context = new CodecContext();
    const options = new Dictionary();
    try {
      const codec = Codec.findDecoder(id);
      if (!codec) throw new Error('this build of FFmpeg has no decoder for it');
      context.allocContext3(codec);
      context.extraData = asBuffer(track.configuration);
      // Slices and tiles are decoded side by side where the encoder made any.
      context.threadType = FF_THREAD_SLICE;
      context.threadCount = 2;
      // dav1d has its own frame threads, which delay by frames as well.
      if (id === AV_CODEC_ID_AV1) options.set('max_frame_delay', '1');
      check(await context.open2(codec, options), 'open');
    } catch (error) {
      context.freeContext();
      throw failed(track, error instanceof Error ? error.message : String(error));
    } finally {
      options.free();
    }
    return new VideoDecoder(track, context);
  }

  /**
   * Feeds one sample and hands on every picture that is ready then. Calls run one after the other.
   * @throws UndecodableSample (`decode_failed`) when the decoder can go on with the next sample: what refers to this one
   * comes out damaged, as it does for viewers; CodedError `decode_failed` when it cannot without `reset` and a keyframe
   */
  decode(sample: CodedSample, handle: FrameHandler): Promise<void> {
    return this.exclusive(async () => {
      await this.feed(sample);
      await this.receive(handle);
    });
  }

  /** Decodes one keyframe for itself, without waiting for the samples that follow it, and forgets all others. */
  decodeAlone(sample: CodedSample, handle: FrameHandler): Promise<void> {
    return this.exclusive(async () => {
      this.forget();
      try {
        await this.feed(sample);
        await this.context.sendPacket(null);
        await this.receive(handle);
      } finally {
        this.forget();
      }
    });
  }

  /** Hands on the pictures that still wait for reordering. A keyframe must follow. */
  drain(handle: FrameHandler): Promise<void> {
    return this.exclusive(async () => {
      try {
        await this.context.sendPacket(null);
        await this.receive(handle);
      } finally {
        this.forget();
      }
    });
  }

  /**
   * Drops the decoder's state: pictures not yet handed on and references. A keyframe must follow.
   * @returns the samples whose pictures are lost by that
   */
  async reset(): Promise<CodedSample[]> {
    const lost: CodedSample[] = [];
    await this.exclusive(async () => {
      lost.push(...this.underWay.values());
      this.forget();
    });
    return lost;
  }

  /** Frees native memory once nothing is running any more. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.pending;
    this.underWay.clear();
    this.packet.free();
    this.frame.free();
    this.context.freeContext();
  }

  private async feed(sample: CodedSample): Promise<void> {
    // An empty packet means "end of stream" to FFmpeg.
    if (sample.data.length === 0) throw failed(this.track, 'the sample is empty');
    // The times travel beside FFmpeg, under a number: no time base rounds them, and equal times stay apart.
    const ticket = this.ticket++;
    this.underWay.set(ticket, sample);
    this.underWay.delete(ticket - BigInt(MAX_UNDER_WAY));
    this.newestDtsMs = sample.dtsMs;
    const { packet } = this;
    packet.unref();
    packet.data = asBuffer(sample.data);
    packet.pts = ticket;
    packet.dts = ticket;
    packet.isKeyframe = sample.keyframe;
    const code = await this.context.sendPacket(packet);
    packet.unref();
    if (code >= 0) return;
    this.underWay.delete(ticket);
    throw this.refusal(code);
  }

  private refusal(code: number): CodedError {
    const details = { codec: this.track.codec, problem: nativeProblem(code) };
    return code === AVERROR_INVALIDDATA
      ? new UndecodableSample('decode_failed', details)
      : new CodedError('decode_failed', details);
  }

  private async receive(handle: FrameHandler): Promise<void> {
    const { frame } = this;
    for (;;) {
      const code = await this.context.receiveFrame(frame);
      if (isDrained(code)) return;
      if (code < 0) throw this.refusal(code);
      try {
        const sample = this.underWay.get(frame.pts);
        if (!sample) continue;
        this.underWay.delete(frame.pts);
        // It holds up to the next keyframe (H.264 D.2.27); FFmpeg tells it of the one picture that it came with.
        this.turn = statedTurn(frame) ?? (sample.keyframe ? UPRIGHT : this.turn);
        await handle(new DecodedFrame(frame, sample, { reorderMs: this.newestDtsMs - sample.dtsMs, turn: this.turn }));
      } finally {
        frame.unref();
      }
    }
  }

  private forget(): void {
    this.context.flushBuffers();
    this.underWay.clear();
  }

  /** Native calls never overlap, and `close` waits for the last one: freeing under a running call crashes the process. */
  private exclusive(run: () => Promise<void>): Promise<void> {
    const result = this.pending.then(() => {
      if (this.closed) throw failed(this.track, 'the decoder is closed');
      return run();
    });
    this.pending = result.catch(() => {});
    return result;
  }
}

function failed(track: VideoTrack, problem: string): CodedError {
  return new CodedError('decode_failed', { codec: track.codec, problem });
}
