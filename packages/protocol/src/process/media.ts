import type { ModelInput } from '../model.js';
import type { CodedSample, Track } from '../sample.js';
import type { DropReason } from '../stream.js';
import type { ChildMessage, ParentMessage } from './child.js';

/**
 * Messages between the server and the media process of one session. They travel over the fork channel with structured
 * clone (`serialization: 'advanced'`), so bytes stay bytes. Both ends are the same build: types, not schemas.
 */

/** Which frames to hand to the vision process, and in what shape. */
export interface FrameTap {
  /** Frames per second to sample: the tap takes one for each tick. */
  readonly rate: number;
  /** `even`: the frame nearest to the tick. `early`: of those near the tick, the one that comes out of the decoder first. */
  readonly sampling: 'even' | 'early';
  readonly input: ModelInput;
  /** Socket of the vision process (`FrameLink`). */
  readonly socketPath: string;
}

export type ToMedia =
  | ParentMessage
  | {
      readonly type: 'configure';
      readonly sessionId: string;
      readonly tap: FrameTap | null;
      readonly thumbnail: { readonly everyMs: number; readonly width: number } | null;
    }
  /** A new decoder configuration: the samples that follow need it. */
  | { readonly type: 'track'; readonly track: Track }
  | { readonly type: 'sample'; readonly sample: CodedSample }
  /**
   * To a fresh process: the samples from the last keyframe up to now. They are decoded so that what follows can be, and not
   * sampled. Their bytes are not told as `consumed`. What arrives meanwhile is late, and lost for `reason`.
   */
  | { readonly type: 'replay'; readonly samples: readonly CodedSample[]; readonly reason: DropReason }
  /** Timestamps or content jump here: drop decoder state. */
  | { readonly type: 'discontinuity' };

export type FromMedia =
  | ChildMessage
  /** Bytes of samples taken since the last one: the server bounds what is under way. */
  | { readonly type: 'consumed'; readonly bytes: number }
  | { readonly type: 'thumbnail'; readonly ptsMs: number; readonly jpeg: Uint8Array }
  /** Totals since the process started. */
  | {
      readonly type: 'counts';
      readonly decoded: number;
      readonly sampled: number;
      readonly sent: number;
      readonly dropped: Readonly<Record<string, number>>;
      /** Times that the link to the vision process broke; told at once. What was sent before is answered by nobody. */
      readonly linkLosses: number;
    }
  | {
      readonly type: 'problem';
      readonly code: 'decode_failed' | 'picture_failed';
      readonly details: Readonly<Record<string, string>>;
    };
