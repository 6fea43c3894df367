import {
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_MJPEG,
  AV_PIX_FMT_YUV420P,
  AVCOL_RANGE_JPEG,
  FF_QP2LAMBDA,
} from 'node-av/constants';
import { Codec, CodecContext, type Frame, Packet, Rational } from 'node-av/lib';
import type { DecodedFrame } from './decoded-frame.js';
import { check } from './native.js';
import { copyTurned, isSideways, type PictureShape } from './picture-shape.js';
import { newPicture, type ScaledPicture, ScaledPlane } from './scaled-plane.js';
import { applyCurve, toneCurve } from './tone.js';

/** Quantiser, 2 (best) to 31: about 15 KB for 480x270. */
const QUANTISER = 5;
/** Tallest thumbnail, as a multiple of its width: headers can claim any shape. */
const TALLEST = 4;

/** Makes small JPEG pictures of frames. */
export class JpegThumbnail {
  private readonly plane = new ScaledPlane(AV_PIX_FMT_YUV420P);
  /** Pictures that come turned, or as every second line, are put in order here. */
  private ordered: Frame | null = null;
  private encoder: { readonly context: CodecContext; readonly width: number; readonly height: number } | null = null;

  private encoded = 0n;

  /** @param width pixels, made even; the height follows from the shape in which the picture is shown */
  constructor(readonly width: number) {}

  /** @throws Error when the picture cannot be converted or encoded */
  async encode(frame: DecodedFrame): Promise<Uint8Array> {
    const { shape } = frame;
    const width = even(this.width);
    const height = even(Math.min((this.width * shape.height) / shape.width, this.width * TALLEST));
    const stored: [number, number] = isSideways(shape.turn) ? [height, width] : [width, height];
    const picture = this.inOrder(await this.plane.scale(frame, ...stored), shape, { width, height });
    const curve = toneCurve(frame.picture);
    if (curve && picture.data?.[0]) applyCurve(curve, picture.data[0]);
    const context = await this.encoderOf(width, height);
    const packet = new Packet();
    packet.alloc();
    try {
      picture.pts = this.encoded++; // the encoder refuses one that does not grow
      picture.quality = QUANTISER * FF_QP2LAMBDA;
      check(await context.sendFrame(picture), 'encode JPEG');
      check(await context.receivePacket(packet), 'encode JPEG');
      if (!packet.data) throw new Error('encode JPEG: no bytes came out');
      return Uint8Array.from(packet.data);
    } finally {
      packet.free();
    }
  }

  /** To be called when no `encode` runs. */
  close(): void {
    this.encoder?.context.freeContext();
    this.encoder = null;
    this.ordered?.free();
    this.ordered = null;
    this.plane.close();
  }

  private inOrder(
    { picture, firstLine, lineStep }: ScaledPicture,
    { turn }: PictureShape,
    { width, height }: { readonly width: number; readonly height: number },
  ): Frame {
    if (lineStep === 1 && turn.a === 1 && turn.d === 1) return picture;
    this.ordered?.free();
    const ordered = newPicture(AV_PIX_FMT_YUV420P, width, height);
    this.ordered = ordered;
    for (const [plane, to] of (ordered.data ?? []).entries()) {
      const from = picture.data?.[plane];
      const stride = picture.linesize[plane];
      const toStride = ordered.linesize[plane];
      if (!from || !stride || !toStride) continue;
      const part = plane === 0 ? 1 : 2;
      copyTurned({
        ...{ from: from.subarray(firstLine * stride), fromStride: stride * lineStep, to, toStride },
        ...{ width: width / part, height: height / part, bytesPerPixel: 1, turn },
      });
    }
    return ordered;
  }

  private async encoderOf(width: number, height: number): Promise<CodecContext> {
    if (this.encoder?.width === width && this.encoder.height === height) return this.encoder.context;
    this.encoder?.context.freeContext();
    this.encoder = null;
    const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG);
    if (!codec) throw new Error('this build of FFmpeg has no JPEG encoder');
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.colorRange = AVCOL_RANGE_JPEG;
    context.timeBase = new Rational(1, 25);
    context.threadCount = 1;
    context.setFlags(AV_CODEC_FLAG_QSCALE);
    context.globalQuality = QUANTISER * FF_QP2LAMBDA;
    try {
      check(await context.open2(codec, null), 'open JPEG encoder');
    } catch (error) {
      context.freeContext();
      throw error;
    }
    this.encoder = { context, width, height };
    return context;
  }
}

function even(side: number): number {
  return Math.max(2, Math.round(side / 2) * 2);
}
