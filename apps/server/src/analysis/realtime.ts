import {
  type Analysis,
  CodedError,
  describeError,
  type HealthWarning,
  type ModelInput,
  type ModelStatus,
  type ProcessState,
} from '@media-analyzer/protocol';
import type { FrameTap, LoadedModel } from '@media-analyzer/protocol/process';
import type { Logger } from '../log.js';
import {
  type AnalysisMetrics,
  type Decoder,
  type DecoderEvents,
  RealtimeAnalysis,
  type VisionResult,
} from './session-analysis.js';

/** Detections below this never leave the vision process; from here on they may keep a known object alive (two-stage tracking). */
const LOW_SCORE = 0.1;

/** The process that runs the models. */
export interface Vision {
  start(): void;
  stop(): Promise<void>;
  forgetSession(sessionId: string): void;
}

/** What the vision process tells. */
export interface VisionEvents {
  onResult(result: VisionResult): void;
  onDropped(drop: { readonly sessionId: string; readonly reason: string; readonly count: number }): void;
  onConfigured(configured: {
    readonly input: ModelInput;
    readonly executionProvider: string;
    readonly loadMs: number;
  }): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState, problem: CodedError | null): void;
}

/** The weights on this machine. */
export interface Models {
  /** @throws CodedError `model_unknown`, `model_missing`, `model_hash_mismatch` */
  resolve(name: string): Promise<LoadedModel>;
  watch(listener: (state: Omit<ModelStatus, 'active'>) => void): () => void;
}

export interface RealtimeOptions {
  readonly model: string;
  /** Frames per second and session; 0 for no analysis, which loads no model either. */
  readonly rate: number;
  /** null: the model's own. */
  readonly scoreThreshold: number | null;
  readonly socketPath: string;
  readonly models: Models;
  readonly log: Logger;
  readonly metrics: AnalysisMetrics;
  startVision(model: LoadedModel, settings: { scoreThreshold: number }, events: VisionEvents): Vision;
  openDecoder(sessionId: string, tap: FrameTap | null, events: DecoderEvents): Decoder;
  onAnalysis(analysis: Analysis): void;
  /** Something about the model keeps all sessions from being analysed, or null when it is over. */
  onProblem(problem: CodedError | null): void;
  /** The vision process came up, or ended with a problem and is started anew. */
  onVisionState(state: ProcessState, problem: CodedError | null): void;
}

/**
 * The realtime strategy: frames tapped from the live decode at the target rate go to the vision process of this node, and
 * its results come back here. While the model is missing, sessions run without; when it arrives, they are tapped in flight.
 */
export class RealtimeStrategy {
  readonly #options: RealtimeOptions;
  readonly #sessions = new Map<string, RealtimeAnalysis>();
  readonly #unwatch: () => void;
  #vision: Vision | null = null;
  #visionState: ProcessState = 'stopped';
  #problem: CodedError | null = null;
  /** Until a model is loaded nothing is judged by it. */
  #highScore = 1;
  #input: ModelInput | null = null;
  /** Loading the model, and then what was asked for meanwhile. */
  #loading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#unwatch = options.models.watch(({ name, state }) => {
      if (name === options.model && state === 'ready') void this.start();
    });
  }

  get model(): string {
    return this.#options.model;
  }

  get visionState(): ProcessState {
    return this.#visionState;
  }

  /** What is wrong with the model, or null. */
  get problem(): CodedError | null {
    return this.#problem;
  }

  /** What keeps frames from being analysed at all, in words for the stream's page, or null. */
  get blocked(): HealthWarning | null {
    if (this.#problem) {
      const code = this.#problem.code === 'model_missing' ? 'model_missing' : 'model_failed';
      return { code, message: this.#problem.message };
    }
    if (this.#visionState !== 'restarting' && this.#visionState !== 'failed') return null;
    return {
      code: 'vision_process_restarting',
      message: 'The process that runs the models ended and is started again; playback is not affected.',
    };
  }

  /**
   * Loads the model, unless one is in use already. What keeps it from that is reported, not thrown: everything else works
   * without.
   */
  start(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load());
    return this.#loading;
  }

  /** Begins the analysis of a session. The decoder is the session's own to start and feed. */
  open(session: { streamId: string; sessionId: string }, events: DecoderEvents): RealtimeAnalysis {
    const { sessionId } = session;
    const analysis = new RealtimeAnalysis({
      ...session,
      decoder: this.#options.openDecoder(sessionId, this.#tap(), events),
      highScore: () => this.#highScore,
      metrics: this.#options.metrics,
      onAnalysis: this.#options.onAnalysis,
      onClose: () => {
        this.#sessions.delete(sessionId);
        this.#vision?.forgetSession(sessionId);
      },
    });
    this.#sessions.set(sessionId, analysis);
    return analysis;
  }

  /** Overlay alignment as players of this stream measured it, ms. */
  aligned(streamId: string, errorsMs: readonly number[]): void {
    for (const session of this.#sessions.values()) if (session.streamId === streamId) session.aligned(errorsMs);
  }

  /** Adds to the metrics what has happened since the last call. */
  report(): void {
    for (const session of this.#sessions.values()) session.report();
  }

  /** Ends the vision process. Sessions are closed by who opened them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await this.#loading;
    await this.#vision?.stop();
  }

  async #load(): Promise<void> {
    const { model, models, log } = this.#options;
    if (this.#options.rate === 0 || this.#closed || (this.#vision && !this.#problem)) return;
    try {
      const loaded = await models.resolve(model);
      if (this.#closed) return;
      // One that runs has refused these weights; they were fetched anew.
      await this.#vision?.stop();
      this.#highScore = this.#options.scoreThreshold ?? loaded.entry.scoreThreshold;
      const scoreThreshold = Math.min(LOW_SCORE, this.#highScore);
      this.#vision = this.#options.startVision(loaded, { scoreThreshold }, this.#events());
      this.#vision.start();
    } catch (error) {
      const problem =
        error instanceof CodedError ? error : new CodedError('model_invalid', { model, problem: describeError(error) });
      log.warn({ model, code: problem.code, problem: problem.message }, 'streams are not analysed');
      this.#report(problem);
    }
  }

  #events(): VisionEvents {
    const { model, log } = this.#options;
    return {
      onResult: (result) => this.#sessions.get(result.sessionId)?.result(result),
      onDropped: ({ sessionId, reason, count }) => this.#sessions.get(sessionId)?.dropped(reason, count),
      onConfigured: ({ input, executionProvider, loadMs }) => {
        log.info({ model, executionProvider, loadMs: Math.round(loadMs) }, 'model loaded');
        this.#input = input;
        this.#report(null);
        for (const session of this.#sessions.values()) session.decoder.setTap(this.#tap());
      },
      onProblem: (problem) => {
        log.warn({ model, code: problem.code, problem: problem.message }, 'the model fails');
        this.#report(problem);
      },
      onState: (state, problem) => {
        this.#visionState = state;
        this.#options.onVisionState(state, problem);
      },
    };
  }

  #tap(): FrameTap | null {
    const { rate, socketPath } = this.#options;
    return this.#input && { rate, input: this.#input, socketPath };
  }

  #report(problem: CodedError | null): void {
    if (problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}
