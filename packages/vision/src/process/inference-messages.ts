import type { ErrorCode, ErrorDetails, ModelInput } from '@media-analyzer/protocol';
import type { LinkFrame, LoadedModel, RawDetection } from '@media-analyzer/protocol/process';
import type { DetectorOptions } from '../detection/index.js';

/** What the inference worker is started with (`workerData`). */
export interface InferenceTask {
  readonly model: LoadedModel;
  readonly options: DetectorOptions;
}

/** To the inference worker: frames to analyse, answered by one `detected` before the next may be sent. */
export interface DetectRequest {
  readonly type: 'detect';
  readonly frames: readonly LinkFrame[];
}

/** What a loaded model says of itself. */
export interface ModelInfo {
  readonly model: string;
  readonly input: ModelInput;
  readonly executionProvider: string;
  readonly batch: number;
  readonly loadMs: number;
}

/** From the inference worker. */
export type InferenceReply =
  | ({ readonly type: 'loaded' } & ModelInfo)
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly details: ErrorDetails }
  | {
      readonly type: 'detected';
      readonly detections: readonly (readonly RawDetection[])[];
      readonly inferenceMs: number;
    };
