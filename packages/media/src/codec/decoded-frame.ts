import type { CodedSample } from '@media-analyzer/protocol';
import type { PictureTurn } from '@media-analyzer/protocol/process';
import { AV_FRAME_FLAG_INTERLACED, AV_FRAME_FLAG_TOP_FIELD_FIRST } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { combing } from './comb.js';
import { type PictureShape, shapeOf } from './picture-shape.js';

/** From this share of combed samples on, a picture is two fields. Pictures that are flagged as such need less of it. */
const COMBED = 0.008;
const COMBED_IF_FLAGGED = 0.002;

/**
 * A decoded picture together with the sample that it came from. Valid only inside the callback that it was given to.
 * What costs time to know is found out when it is asked for, once.
 */
export class DecodedFrame {
  /** Pixels as they are stored. They may change from one frame to the next. */
  readonly width: number;
  readonly height: number;
  /** Exactly the sample's, ms. */
  readonly ptsMs: number;
  readonly dtsMs: number;
  /** Unix ms. */
  readonly capturedAt: number;
  readonly keyframe: boolean;
  /** The decoder had to guess parts of the picture. */
  readonly damaged: boolean;
  /** Decode time of the newest sample fed when this picture came out, minus its own: the wait for reordering, ms. */
  readonly reorderMs: number;
  readonly #turn: PictureTurn;
  #shape: PictureShape | null = null;
  #field: 'top' | 'bottom' | null | undefined;

  /**
   * @param picture native; not to be kept or touched after the callback
   * @param options what is known of it beside its sample
   */
  constructor(
    readonly picture: Frame,
    sample: CodedSample,
    options: { readonly reorderMs: number; readonly turn: PictureTurn },
  ) {
    this.reorderMs = options.reorderMs;
    this.#turn = options.turn;
    this.width = picture.width;
    this.height = picture.height;
    this.ptsMs = sample.ptsMs;
    this.dtsMs = sample.dtsMs;
    this.capturedAt = sample.capturedAt;
    this.keyframe = sample.keyframe;
    this.damaged = picture.decodeErrorFlags !== 0;
  }

  /** How it is to be shown. */
  get shape(): PictureShape {
    this.#shape ??= shapeOf(this.picture, this.#turn);
    return this.#shape;
  }

  /**
   * The field of the picture's own moment where the picture is woven of two, or null where it is one whole.
   *
   * Neither follows from what the stream says: encoders flag progressive video as interlaced (and half of its lines would be
   * thrown away), and capture software sends woven fields as progressive. So the lines themselves are looked at.
   */
  get field(): 'top' | 'bottom' | null {
    if (this.#field === undefined) {
      const { picture } = this;
      const flagged = picture.hasFlags(AV_FRAME_FLAG_INTERLACED);
      const woven = combing(picture) > (flagged ? COMBED_IF_FLAGGED : COMBED);
      const bottomFirst = flagged && !picture.hasFlags(AV_FRAME_FLAG_TOP_FIELD_FIRST);
      this.#field = woven ? (bottomFirst ? 'bottom' : 'top') : null;
    }
    return this.#field;
  }
}
