import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Codec, CodecContext, Frame, type Packet, type Stream } from 'node-av/lib';
import { check, isDrained } from './native.js';

/** Decodes a file's stream, whatever its codec, to frames with times in the stream's time base. */
export class FrameSource {
  private readonly frame = new Frame();
  private nextPts = 0n;

  private constructor(
    readonly stream: Stream,
    private readonly context: CodecContext,
  ) {
    this.frame.alloc();
  }

  /** @throws Error when there is no decoder or it refuses the stream */
  static async open(stream: Stream): Promise<FrameSource> {
    const context = new CodecContext();
    try {
      const codec = Codec.findDecoder(stream.codecpar.codecId);
      if (!codec) throw new Error(`there is no decoder for codec ${stream.codecpar.codecId}`);
      context.allocContext3(codec);
      check(context.parametersToContext(stream.codecpar), 'configure decoder');
      context.pktTimebase = stream.timeBase;
      context.threadCount = 0;
      check(await context.open2(codec, null), 'open decoder');
      return new FrameSource(stream, context);
    } catch (error) {
      context.freeContext();
      throw error;
    }
  }

  /** Decodes a packet (null: the end) and hands on what comes out. Packets that are refused are passed over. */
  async push(packet: Packet | null, handle: (frame: Frame) => Promise<void>): Promise<void> {
    await this.context.sendPacket(packet);
    for (;;) {
      const code = await this.context.receiveFrame(this.frame);
      if (isDrained(code) || code < 0) return;
      try {
        this.setTime();
        await handle(this.frame);
      } finally {
        this.frame.unref();
      }
    }
  }

  /** To be called when no `push` runs. */
  close(): void {
    this.frame.free();
    this.context.freeContext();
  }

  /** Raw streams have no times at all: then frames follow each other at the stream's rate. */
  private setTime(): void {
    const { frame, stream } = this;
    const pts = frame.bestEffortTimestamp;
    frame.pts = pts === AV_NOPTS_VALUE ? this.nextPts : pts;
    const { num, den } = stream.avgFrameRate;
    const base = stream.timeBase;
    const interval =
      num > 0 && base.num > 0 ? BigInt(Math.max(1, Math.round((den * base.den) / (num * base.num)))) : 1n;
    this.nextPts = frame.pts + (frame.duration > 0n ? frame.duration : interval);
  }
}
