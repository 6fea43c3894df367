import type { Detection } from '../analysis.js';
import type { ErrorCode, ErrorDetails } from '../errors.js';
import type { ModelEntry, ModelInput } from '../model.js';
import type { ChildMessage, ParentMessage } from './child.js';

/** Messages between the server and a vision process, over the fork channel. Frames come over the `FrameLink` socket. */

export interface LoadedModel {
  readonly entry: ModelEntry;
  readonly labels: readonly string[];
  /** Absolute path of the entry's first file. */
  readonly path: string;
}

export type ToVision =
  | ParentMessage
  | {
      readonly type: 'configure';
      /** Where to listen for media processes. */
      readonly socketPath: string;
      readonly model: LoadedModel;
      /** onnxruntime name: `cpu` or `cuda`. */
      readonly executionProvider: string;
      /** Threads of one inference. */
      readonly threads: number;
      /** A frame that waited longer than this is dropped, ms. */
      readonly deadlineMs: number;
      readonly scoreThreshold: number | null;
      readonly maxDetections: number;
    }
  | { readonly type: 'forget-session'; readonly sessionId: string };

/** A detection without identity: the tracker in the server gives the track. */
export type RawDetection = Omit<Detection, 'trackId'>;

export type FromVision =
  | ChildMessage
  | {
      readonly type: 'configured';
      readonly model: string;
      readonly input: ModelInput;
      readonly executionProvider: string;
      readonly loadMs: number;
    }
  | {
      readonly type: 'result';
      readonly sessionId: string;
      readonly ptsMs: number;
      readonly capturedAt: number;
      readonly completedAt: number;
      readonly inferenceMs: number;
      readonly model: string;
      readonly detections: readonly RawDetection[];
    }
  /** Frames of a session not analysed, since the last such message. */
  | {
      readonly type: 'dropped';
      readonly sessionId: string;
      readonly reason: 'superseded' | 'deadline' | 'wrong_size';
      readonly count: number;
    }
  | { readonly type: 'problem'; readonly code: ErrorCode; readonly details: ErrorDetails };
