import type { ModelInput } from '@media-analyzer/protocol';
import type { LinkFrame, RawDetection } from '@media-analyzer/protocol/process';

/** An object detector, whatever its family. Made by `createDetector`. */
export interface Detector {
  /** Name of the model in the manifest. */
  readonly model: string;
  /** Shape and fit that frames must have. */
  readonly input: ModelInput;
  /** onnxruntime name: `cpu` or `cuda`. */
  readonly executionProvider: string;
  /** How many frames one call is worth: more than 1 only where the model takes batches and the device gains from them. */
  readonly batch: number;

  /**
   * Finds objects. The result has one list per frame, best score first; boxes are of the source picture, 0..1, clipped.
   * One call at a time: the input buffer is reused.
   *
   * @throws Error when a frame is not of the size that `input` says, or the runtime fails.
   */
  detect(frames: readonly LinkFrame[]): Promise<RawDetection[][]>;

  /** Frees the model's memory. */
  close(): Promise<void>;
}

/** How a model is run. */
export interface DetectorOptions {
  readonly executionProvider: string;
  /** Threads of one inference. */
  readonly threads: number;
  /** Replaces the manifest's threshold, 0..1. */
  readonly scoreThreshold?: number | null;
  /** At most this many detections a frame. Default 100, as COCO counts. */
  readonly maxDetections?: number;
}
