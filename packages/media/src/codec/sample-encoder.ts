import type { CodedSample } from '@media-analyzer/protocol';
import { AV_CODEC_FLAG_GLOBAL_HEADER } from 'node-av/constants';
import { Codec, CodecContext, CodecParameters, Dictionary, type Frame, Packet } from 'node-av/lib';
import { toMs } from './media-input.js';
import { check, isDrained, nativeProblem } from './native.js';

/** Encodes frames to coded samples. */
export class SampleEncoder {
  private readonly packet = new Packet();

  private constructor(
    private readonly kind: 'video' | 'audio',
    private readonly context: CodecContext,
  ) {
    this.packet.alloc();
  }

  /**
   * @param prepare sets size, rates and time base of the context
   * @throws Error when the encoder refuses its settings
   */
  static async open(settings: {
    readonly kind: 'video' | 'audio';
    readonly encoder: 'libx264' | 'aac';
    readonly options: Readonly<Record<string, string>>;
    prepare(context: CodecContext): void;
  }): Promise<SampleEncoder> {
    const context = new CodecContext();
    const options = Dictionary.fromObject({ ...settings.options });
    try {
      const codec = Codec.findEncoderByName(settings.encoder as Parameters<typeof Codec.findEncoderByName>[0]);
      if (!codec) throw new Error(`this build of FFmpeg has no encoder ${settings.encoder}`);
      context.allocContext3(codec);
      settings.prepare(context);
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      check(await context.open2(codec, options), `open ${settings.encoder}`);
      return new SampleEncoder(settings.kind, context);
    } catch (error) {
      context.freeContext();
      throw error;
    } finally {
      options.free();
    }
  }

  /** What the encoder will send, as a container would store it. The caller frees it. */
  parameters(): CodecParameters {
    const parameters = new CodecParameters();
    parameters.alloc();
    check(parameters.fromContext(this.context), 'read encoder');
    return parameters;
  }

  /**
   * Encodes a frame (null: the end).
   * @param convert to the form of coded samples, in memory of its own
   * @throws Error when the encoder fails
   */
  async encode(frame: Frame | null, convert: (data: Uint8Array) => Uint8Array): Promise<CodedSample[]> {
    check(await this.context.sendFrame(frame), 'encode');
    const samples: CodedSample[] = [];
    for (;;) {
      const code = await this.context.receivePacket(this.packet);
      if (isDrained(code)) return samples;
      if (code < 0) throw new Error(`encode: ${nativeProblem(code)}`);
      const { data, pts, dts, isKeyframe } = this.packet;
      const base = this.context.timeBase;
      if (data) {
        samples.push({
          kind: this.kind,
          ptsMs: toMs(pts, base) ?? 0,
          dtsMs: toMs(dts, base) ?? 0,
          keyframe: this.kind === 'audio' || isKeyframe,
          data: convert(data),
          capturedAt: Date.now(),
        });
      }
      this.packet.unref();
    }
  }

  /** To be called when no `encode` runs. */
  close(): void {
    this.packet.free();
    this.context.freeContext();
  }
}
