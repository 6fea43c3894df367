import {
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_SPC_UNSPECIFIED,
  type AVPixelFormat,
  SWS_BILINEAR,
} from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import { check } from './native.js';
import type { DecodedFrame } from './video-decoder.js';

export interface ScaleTarget {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** `letterbox-top-left` keeps the aspect and pads right and below; `stretch` does not. */
  readonly fit: 'letterbox-top-left' | 'stretch';
  /** Grey level of the padding, 0..255. */
  readonly pad: number;
}

/** Packed RGB24 in memory of its own, row by row without gaps. */
export interface ScaledFrame {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The part that the picture covers, from the top left. */
  readonly contentWidth: number;
  readonly contentHeight: number;
}

/** Pictures of at least this height that do not say their colour matrix are taken as BT.709, as players do. */
const HD_HEIGHT = 720;

/** The part of the target that a picture covers, pixels. */
export function contentSize(
  source: { width: number; height: number },
  target: ScaleTarget,
): { width: number; height: number } {
  if (target.fit === 'stretch') return { width: target.width, height: target.height };
  const ratio = Math.min(target.width / source.width, target.height / source.height);
  const fitted = (side: number, limit: number): number => Math.min(limit, Math.max(1, Math.round(side * ratio)));
  return { width: fitted(source.width, target.width), height: fitted(source.height, target.height) };
}

/** Scales pictures of any size and pixel format to a model's input. */
export class FrameScaler {
  private readonly plane = new ScaledPlane(AV_PIX_FMT_RGB24);

  constructor(readonly target: ScaleTarget) {}

  /** @throws Error when the picture's pixel format cannot be converted */
  async scale(frame: DecodedFrame): Promise<ScaledFrame> {
    const { width, height, pad } = this.target;
    const content = contentSize(frame, this.target);
    const scaled = await this.plane.scale(frame, content.width, content.height);
    const rows = scaled.data?.[0];
    const stride = scaled.linesize[0];
    if (!rows || !stride) throw new Error('the scaled picture has no pixels');
    const pixels = new Uint8Array(width * height * 3);
    if (content.width < width || content.height < height) pixels.fill(pad);
    // FFmpeg writes whole vectors beyond the end of a row, so it gets rows of its own and these are copied (0.1 ms).
    for (let y = 0; y < content.height; y += 1) {
      pixels.set(rows.subarray(y * stride, y * stride + content.width * 3), y * width * 3);
    }
    return { pixels, width, height, contentWidth: content.width, contentHeight: content.height };
  }

  /** To be called when no `scale` runs. */
  close(): void {
    this.plane.close();
  }
}

/** A native picture of one pixel format that others are scaled into. */
export class ScaledPlane {
  private readonly context = new SoftwareScaleContext();
  private picture: Frame | null = null;

  constructor(private readonly format: AVPixelFormat) {
    // Allocated but not initialised: `scaleFrame` then follows size, format, colour matrix and range of each picture.
    this.context.allocContext();
    this.context.setOption('sws_flags', SWS_BILINEAR);
  }

  /** @returns a picture that stays valid until the next call */
  async scale(frame: DecodedFrame, width: number, height: number): Promise<Frame> {
    const source = frame.picture;
    if (source.colorSpace === AVCOL_SPC_UNSPECIFIED && frame.height >= HD_HEIGHT) source.colorSpace = AVCOL_SPC_BT709;
    const picture = this.pictureOf(width, height);
    check(await this.context.scaleFrame(picture, source), 'scale');
    return picture;
  }

  close(): void {
    this.picture?.free();
    this.picture = null;
    this.context.freeContext();
  }

  private pictureOf(width: number, height: number): Frame {
    if (this.picture?.width === width && this.picture.height === height) return this.picture;
    this.picture?.free();
    const picture = new Frame();
    picture.alloc();
    picture.format = this.format;
    picture.width = width;
    picture.height = height;
    picture.colorRange = AVCOL_RANGE_JPEG;
    if (this.format === AV_PIX_FMT_RGB24) picture.colorSpace = AVCOL_SPC_RGB;
    check(picture.getBuffer(0), 'allocate picture');
    this.picture = picture;
    return picture;
  }
}
