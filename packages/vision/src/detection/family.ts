import type { ModelEntry } from '@media-analyzer/protocol';
import type { LinkFrame } from '@media-analyzer/protocol/process';
import type { Candidates } from './nms.js';
import type { OnnxSession, Tensors } from './onnx-session.js';

/** What a family needs to know to read its model. */
export interface ModelShape {
  readonly entry: ModelEntry;
  readonly classes: number;
}

/** One model of a family, bound to the tensors of its file. */
export interface FamilyModel {
  /** Most candidates that a frame can have. */
  readonly capacity: number;
  /** The model takes any number of frames at once. */
  readonly dynamicBatch: boolean;
  /** Frames of the right size to the model's inputs. */
  preprocess(frames: readonly LinkFrame[]): Tensors;
  /**
   * Reads the candidates of frame `index` of the batch, in pixels of the model's input, at or above `scoreThreshold`.
   * @throws TensorMismatch when the outputs are not of the family's shape.
   */
  postprocess(outputs: Tensors, context: PostprocessContext): void;
}

/** Which frame to read, and where to put what is found. */
export interface PostprocessContext {
  readonly index: number;
  readonly frames: number;
  readonly scoreThreshold: number;
  readonly candidates: Candidates;
}

/**
 * Checks a session's tensors against the family's and binds them.
 * @throws TensorMismatch
 */
export type Family = (session: OnnxSession, shape: ModelShape) => FamilyModel;
