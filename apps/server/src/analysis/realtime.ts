import {
  type Analysis,
  type AppearanceLevels,
  CodedError,
  describeError,
  type ErrorCode,
  type HealthWarning,
  type InferenceTimes,
  type ModelInput,
  type ModelStatus,
  type ProcessState,
} from '@media-analyzer/protocol';
import type { FrameTap, LoadedModel } from '@media-analyzer/protocol/process';
import type { Logger } from '../log.js';
import { AdaptiveRate } from './adaptive-rate.js';
import { InferenceTimesOfModels } from './inference-times.js';
import { LoadMeter } from './load-meter.js';
import {
  type AnalysisMetrics,
  type Decoder,
  type DecoderEvents,
  RealtimeAnalysis,
  type VisionResult,
} from './session-analysis.js';

/** Detections below this never leave the vision process; from here on they may keep a known object alive (two-stage tracking). */
const LOW_SCORE = 0.1;

/** Until a model is loaded nothing is judged. */
const NEVER_SURE: AppearanceLevels = { sure: { score: 1, ageMs: 0 }, verySure: { score: 1, ageMs: 0 } };

/** A model that is not loaded within this is given up, ms: the largest listed one takes seconds from a slow disk. */
const CHANGE_DEADLINE_MS = 60_000;
/** What the vision process says of a model that it does not take. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['model_invalid', 'execution_provider_unavailable']);

/** The process that runs the models. */
export interface Vision {
  start(): void;
  /**
   * Loads another model beside the one in use and changes over to it; one that is refused leaves all as it was.
   * @returns false when no process runs that could do it
   */
  use(choice: { model: LoadedModel; scoreThreshold: number }): boolean;
  stop(): Promise<void>;
  forgetSession(sessionId: string): void;
}

/** What the vision process tells. */
export interface VisionEvents {
  onResult(result: VisionResult): void;
  onDropped(drop: { readonly sessionId: string; readonly reason: string; readonly count: number }): void;
  onConfigured(configured: {
    readonly model: string;
    readonly input: ModelInput;
    readonly executionProvider: string;
    readonly loadMs: number;
  }): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState, problem: CodedError | null): void;
}

/** A change of the model that is under way. */
interface Change {
  readonly to: LoadedModel;
  done(): void;
  failed(problem: CodedError): void;
}

/** The weights on this machine. */
export interface Models {
  /** @throws CodedError `model_unknown`, `model_missing`, `model_hash_mismatch` */
  resolve(name: string): Promise<LoadedModel>;
  watch(listener: (state: Omit<ModelStatus, 'active'>) => void): () => void;
}

export interface RealtimeOptions {
  /** What to begin with. */
  readonly model: string;
  /** Frames per second and session; 0 for no analysis, which loads no model either. */
  readonly rate: number;
  /** Which frames are picked. */
  readonly sampling: FrameTap['sampling'];
  /** null: the model's own. */
  readonly scoreThreshold: number | null;
  readonly socketPath: string;
  readonly models: Models;
  readonly log: Logger;
  readonly metrics: AnalysisMetrics;
  startVision(model: LoadedModel, settings: { scoreThreshold: number }, events: VisionEvents): Vision;
  openDecoder(session: { streamId: string; sessionId: string }, tap: FrameTap | null, events: DecoderEvents): Decoder;
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
  readonly #meter = new LoadMeter();
  readonly #adaptive = new AdaptiveRate();
  readonly #times = new InferenceTimesOfModels();
  #model: string;
  #change: Change | null = null;
  #vision: Vision | null = null;
  #visionState: ProcessState = 'stopped';
  #problem: CodedError | null = null;
  /** Until a model is loaded nothing is judged by it. */
  #highScore = 1;
  #levels: AppearanceLevels = NEVER_SURE;
  #input: ModelInput | null = null;
  /** Loading the model, and then what was asked for meanwhile. */
  #loading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#model = options.model;
    this.#unwatch = options.models.watch(({ name, state }) => {
      if (name === this.#model && state === 'ready') void this.start();
    });
  }

  /** The model in use, or the one that should be. */
  get model(): string {
    return this.#model;
  }

  /** How long an inference of this model takes here; null when it has not run. */
  inferenceTimes(model: string): InferenceTimes | null {
    return this.#times.of(model);
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

  /**
   * Changes the model under the sessions on air: the new one is loaded beside the old one, and frames are scaled for it from the
   * moment on at which it can take them. Resolves when it is in use.
   *
   * @throws CodedError `model_unknown`, `model_missing`, `model_hash_mismatch`; `model_switch_failed` when it cannot be loaded.
   * The old model stays in use then.
   */
  use(name: string): Promise<void> {
    const changed = this.#loading.then(() => this.#changeTo(name));
    this.#loading = changed.catch(() => {});
    return changed;
  }

  /** Begins the analysis of a session. The decoder is the session's own to start and feed. */
  open(session: { streamId: string; sessionId: string }, events: DecoderEvents): RealtimeAnalysis {
    const { sessionId } = session;
    const analysis = new RealtimeAnalysis({
      ...session,
      decoder: this.#options.openDecoder(session, this.#tap(), events),
      highScore: () => this.#highScore,
      levels: () => this.#levels,
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
    this.#adapt();
  }

  /** How often each session is to be analysed, and how often it is while this machine is busy; per second. */
  get rate(): { readonly wanted: number; readonly inForce: number } {
    const { rate } = this.#options;
    return { wanted: rate, inForce: this.#adaptive.rateOf(rate) };
  }

  /** Ends the vision process. Sessions are closed by who opened them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#change?.failed(new CodedError('server_stopping'));
    await this.#loading;
    await this.#vision?.stop();
  }

  async #load(): Promise<void> {
    const { models, log } = this.#options;
    const model = this.#model;
    if (this.#options.rate === 0 || this.#closed || (this.#vision && !this.#problem)) return;
    try {
      const loaded = await models.resolve(model);
      if (this.#closed) return;
      // One that runs has refused these weights; they were fetched anew.
      await this.#vision?.stop();
      this.#judgeBy(loaded);
      this.#startVision(loaded);
    } catch (error) {
      const problem =
        error instanceof CodedError ? error : new CodedError('model_invalid', { model, problem: describeError(error) });
      log.warn({ model, code: problem.code, problem: problem.message }, 'streams are not analysed');
      this.#report(problem);
    }
  }

  async #changeTo(name: string): Promise<void> {
    const { models, rate, log } = this.#options;
    if (this.#closed) throw new CodedError('server_stopping');
    if (name === this.#model && !this.#problem) return;
    const kept = this.#model;
    const to = await models.resolve(name);
    if (rate === 0) {
      this.#model = name;
      return;
    }
    try {
      await this.#exchange(to);
    } catch (error) {
      const problem = describeError(error);
      log.warn({ model: name, kept, problem }, 'the model was not changed');
      throw new CodedError('model_switch_failed', { model: name, kept, problem }, { cause: error });
    }
    log.info({ model: name, before: kept }, 'the model was changed');
  }

  /** Has the vision process load a model, and waits until it is in use. @throws CodedError why it is not */
  async #exchange(to: LoadedModel): Promise<void> {
    const inUse = new Promise<void>((done, failed) => {
      this.#change = { to, done, failed };
    });
    // It may fail before it is waited for.
    inUse.catch(() => {});
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      const problem = `it was not loaded within ${CHANGE_DEADLINE_MS / 1000} s`;
      this.#change?.failed(new CodedError('model_invalid', { model: to.entry.name, problem }));
    }, CHANGE_DEADLINE_MS).unref();
    const works = this.#visionState === 'running' && this.#input !== null && this.#problem === null;
    const beside = works && this.#vision?.use({ model: to, scoreThreshold: this.#lowest(to) });
    try {
      if (!beside) {
        await this.#vision?.stop();
        this.#startVision(to);
      }
      await inUse;
    } catch (error) {
      this.#change = null;
      // The model before went with its process, or may still be replaced by the late one: it is started afresh.
      if (!beside || late) await this.#restart();
      throw error;
    } finally {
      clearTimeout(deadline);
      this.#change = null;
    }
  }

  async #restart(): Promise<void> {
    await this.#vision?.stop();
    this.#vision = null;
    await this.#load();
  }

  #startVision(model: LoadedModel): void {
    this.#vision = this.#options.startVision(model, { scoreThreshold: this.#lowest(model) }, this.#events());
    this.#vision.start();
  }

  /** From this score on detections leave the vision process. */
  #lowest({ entry }: LoadedModel): number {
    return Math.min(LOW_SCORE, this.#options.scoreThreshold ?? entry.scoreThreshold);
  }

  #judgeBy({ entry }: LoadedModel): void {
    this.#model = entry.name;
    this.#highScore = this.#options.scoreThreshold ?? entry.scoreThreshold;
    this.#levels = entry.appearance;
  }

  #events(): VisionEvents {
    const { log } = this.#options;
    return {
      onResult: (result) => this.#result(result),
      onDropped: ({ sessionId, reason, count }) => this.#sessions.get(sessionId)?.dropped(reason, count),
      onConfigured: ({ model, input, executionProvider, loadMs }) => {
        if (this.#change?.to.entry.name === model) this.#judgeBy(this.#change.to);
        log.info({ model, executionProvider, loadMs: Math.round(loadMs) }, 'model loaded');
        this.#input = input;
        this.#report(null);
        // What another model could not do says nothing of this one.
        this.#adaptive.reset();
        this.#retap();
        this.#change?.done();
      },
      onProblem: (problem) => {
        if (this.#change && REFUSALS.has(problem.code)) {
          this.#change.failed(problem);
          return;
        }
        log.warn({ model: this.#model, code: problem.code, problem: problem.message }, 'the model fails');
        this.#report(problem);
      },
      onState: (state, problem) => {
        this.#visionState = state;
        if (problem) this.#change?.failed(problem);
        this.#options.onVisionState(state, problem);
      },
    };
  }

  #adapt(): void {
    const reading = this.#meter.read(this.#sessions, Date.now());
    if (this.#sessions.size === 0) {
      this.#adaptive.reset();
      return;
    }
    if (!this.#adaptive.update(reading)) return;
    this.#options.log.info({ ...this.rate, ...reading }, 'analysis rate adapted to the load');
    this.#retap();
  }

  #retap(): void {
    for (const session of this.#sessions.values()) session.decoder.setTap(this.#tap());
  }

  #result(result: VisionResult): void {
    this.#meter.computed(result.completedAt, result.inferenceMs);
    const session = this.#sessions.get(result.sessionId);
    this.#times.add(result.model, result.inferenceMs);
    this.#options.metrics.inference.observe({ model: result.model }, result.inferenceMs / 1000);
    // The last frame of the model before: its objects are not those of the new one.
    if (result.model !== this.#model) session?.dropped('wrong_size', 1);
    else session?.result(result);
  }

  #tap(): FrameTap | null {
    const { socketPath, sampling } = this.#options;
    return this.#input && { rate: this.rate.inForce, sampling, input: this.#input, socketPath };
  }

  #report(problem: CodedError | null): void {
    if (problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}
