import { CodedError, describeError } from '@media-analyzer/protocol';
import { AV_NOPTS_VALUE, AVERROR_EOF, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { FormatContext, Packet, type Stream } from 'node-av/lib';
import { check, nativeProblem } from './native.js';

/** An opened file with its best video and its best audio stream. */
export class MediaInput {
  readonly video: Stream | null;
  readonly audio: Stream | null;
  private readonly packet = new Packet();
  private pending: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    readonly path: string,
    private readonly context: FormatContext,
  ) {
    this.packet.alloc();
    this.video = this.best(AVMEDIA_TYPE_VIDEO);
    this.audio = this.best(AVMEDIA_TYPE_AUDIO);
  }

  /** @throws CodedError `media_unreadable` */
  static async open(path: string): Promise<MediaInput> {
    const context = new FormatContext();
    try {
      check(await context.openInput(path), 'open');
      check(await context.findStreamInfo(null), 'find streams');
    } catch (error) {
      await context.closeInput();
      throw new CodedError('media_unreadable', { file: path, problem: describeError(error) });
    }
    return new MediaInput(path, context);
  }

  /** Length of the file, ms, or null when it does not say. */
  get durationMs(): number | null {
    const microseconds = this.context.duration;
    return microseconds > 0n ? Number(microseconds) / 1000 : null;
  }

  /** FFmpeg's name of the container, `mov,mp4,m4a,3gp,3g2,mj2` for example. */
  get container(): string {
    return this.context.iformat?.name ?? 'unknown';
  }

  /**
   * Reads the next packet of the two streams.
   * @returns the packet, valid until the next call, or null at the end of the file
   * @throws CodedError `media_unreadable`
   */
  async read(): Promise<{ readonly stream: Stream; readonly packet: Packet } | null> {
    for (;;) {
      if (this.closed) return null;
      this.packet.unref();
      const reading = this.context.readFrame(this.packet);
      this.pending = reading;
      const code = await reading;
      if (code === AVERROR_EOF) return null;
      if (code < 0) throw new CodedError('media_unreadable', { file: this.path, problem: nativeProblem(code) });
      const stream = [this.video, this.audio].find((one) => one?.index === this.packet.streamIndex);
      if (stream) return { stream, packet: this.packet };
    }
  }

  /** Frees native memory once no read runs. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.pending.catch(() => {});
    this.packet.free();
    await this.context.closeInput();
  }

  private best(type: typeof AVMEDIA_TYPE_VIDEO | typeof AVMEDIA_TYPE_AUDIO): Stream | null {
    const index = this.context.findBestStream(type);
    const stream = this.context.streams[index];
    // A cover picture counts as video for FFmpeg.
    return index >= 0 && stream && stream.attachedPic === null ? stream : null;
  }
}

/** A native time in ms, or null when it is not known. */
export function toMs(time: bigint, base: { readonly num: number; readonly den: number }): number | null {
  return time === AV_NOPTS_VALUE ? null : (Number(time) * base.num * 1000) / base.den;
}
