import { type PictureTurn, pictureShape } from '@media-analyzer/protocol/process';
import { AV_PIX_FMT_RGB24 } from 'node-av/constants';
import type { DecodedFrame } from './decoded-frame.js';
import { copyTurned, isSideways } from './picture-shape.js';
import { ScaledPlane } from './scaled-plane.js';
import { applyCurve, toneCurve } from './tone.js';

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
  /** From the picture as it is stored to this one. */
  readonly turn: PictureTurn;
  /** Which models want it like this (`pictureShape`). */
  readonly shape: number;
}

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

/** Scales pictures of any size, shape and pixel format to a model's input, as a viewer sees them: upright, square pixels. */
export class FrameScaler {
  private readonly plane = new ScaledPlane(AV_PIX_FMT_RGB24);

  constructor(readonly target: ScaleTarget) {}

  /** @throws Error when the picture's pixel format cannot be converted */
  async scale(frame: DecodedFrame): Promise<ScaledFrame> {
    const { width, height, pad } = this.target;
    const { shape } = frame;
    const content = contentSize(shape, this.target);
    const [storedWidth, storedHeight] = isSideways(shape.turn)
      ? [content.height, content.width]
      : [content.width, content.height];
    const { picture, firstLine, lineStep } = await this.plane.scale(frame, storedWidth, storedHeight);
    const rows = picture.data?.[0];
    const stride = picture.linesize[0];
    if (!rows || !stride) throw new Error('the scaled picture has no pixels');
    const curve = toneCurve(frame.picture);
    if (curve) applyCurve(curve, rows);
    const pixels = new Uint8Array(width * height * 3);
    if (content.width < width || content.height < height) pixels.fill(pad);
    // FFmpeg writes whole vectors beyond the end of a row, so it gets rows of its own and these are copied (0.1 ms).
    copyTurned({
      ...{ from: rows.subarray(firstLine * stride), fromStride: stride * lineStep, to: pixels, toStride: width * 3 },
      ...{ ...content, bytesPerPixel: 3, turn: shape.turn },
    });
    return {
      ...{ pixels, width, height, contentWidth: content.width, contentHeight: content.height },
      ...{ turn: shape.turn, shape: pictureShape(this.target) },
    };
  }

  /** To be called when no `scale` runs. */
  close(): void {
    this.plane.close();
  }
}
