import { CodedError, type ModelInput, type ProcessState } from '@media-analyzer/protocol';
import type { FromVision, LoadedModel, ToVision } from '@media-analyzer/protocol/process';
import { type ChildEntry, resolveChildEntry } from './child-entry.js';
import { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from './process-limits.js';
import type { ProcessLogger } from './process-logger.js';
import type { ProcessTable } from './process-table.js';
import { SupervisedProcess } from './supervised-process.js';

/** What the models said of one frame. */
export type VisionResult = Omit<Extract<FromVision, { type: 'result' }>, 'type'>;
/** Frames of one session that were not analysed, and why. */
export type VisionDrop = Omit<Extract<FromVision, { type: 'dropped' }>, 'type'>;
/** A model that was loaded, and the picture that it takes. */
export type VisionConfigured = Omit<Extract<FromVision, { type: 'configured' }>, 'type'>;

export const DEFAULT_VISION_LIMITS: ProcessLimits = {
  ...DEFAULT_PROCESS_LIMITS,
  // Loading weights and starting a device hold its main thread up for moments.
  unresponsiveMs: 8_000,
  // Weights, arenas and CUDA's host memory.
  memoryBytes: 3 * 1024 * 1024 * 1024,
};

export interface VisionProcessOptions {
  /** Where media processes connect. */
  readonly socketPath: string;
  readonly model: LoadedModel;
  /** onnxruntime's name: `cpu`, `cuda`. */
  readonly executionProvider: string;
  /** Threads of one inference. */
  readonly threads: number;
  /** A frame that waited longer is dropped, ms. */
  readonly deadlineMs: number;
  /** 0..1; null takes the model's own. */
  readonly scoreThreshold: number | null;
  readonly maxDetections: number;
  readonly log: ProcessLogger;
  /** Where the process can be seen. */
  readonly table?: ProcessTable;
  readonly limits?: Partial<ProcessLimits>;
  /** Environment of the child, for example the library path of CUDA; empty by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the vision package's own; for tests. */
  readonly entry?: ChildEntry;
  onResult(result: VisionResult): void;
  onDropped(drop: VisionDrop): void;
  /** The model is loaded and frames are taken; after each restart again. */
  onConfigured(configured: VisionConfigured): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState, problem: CodedError | null): void;
}

/** A model and from which score on its detections are told, 0..1; null takes the model's own. */
export interface ModelChoice {
  readonly model: LoadedModel;
  readonly scoreThreshold: number | null;
}

/** The vision process of this node, as its owner sees it. After a restart it gets the same configuration again. */
export class VisionProcess {
  private readonly process: SupervisedProcess<ToVision, FromVision>;
  private configuredInput: ModelInput | null = null;
  /** What a fresh process loads: the model that was loaded last. */
  private inUse: ModelChoice;
  /** Being loaded beside the one in use. */
  private wanted: ModelChoice | null = null;

  constructor(private readonly options: VisionProcessOptions) {
    this.inUse = { model: options.model, scoreThreshold: options.scoreThreshold };
    this.process = new SupervisedProcess<ToVision, FromVision>({
      name: 'vision',
      entry: options.entry ?? resolveChildEntry('@media-analyzer/vision/process'),
      limits: { ...DEFAULT_VISION_LIMITS, ...options.limits },
      log: options.log,
      table: options.table,
      ...(options.env && { env: options.env }),
      onReady: () => {
        // One that died while it was loading another model goes on with what it had.
        this.wanted = null;
        this.configure(this.inUse);
      },
      onMessage: (message) => this.receive(message),
      onState: options.onState,
    });
  }

  get state(): ProcessState {
    return this.process.state;
  }

  get pid(): number | null {
    return this.process.pid;
  }

  /** Bytes, at the last heartbeat. */
  get residentBytes(): number {
    return this.process.residentBytes;
  }

  /** The picture that the loaded model takes, or null until one was loaded. It outlives a restart: the model is the same. */
  get input(): ModelInput | null {
    return this.configuredInput;
  }

  start(): void {
    this.process.start();
  }

  /**
   * Loads another model beside the one in use, and changes over when it is loaded: `onConfigured` says so. One that is refused
   * (`onProblem`) leaves all as it was.
   * @returns false when no process runs that could do it
   */
  use(choice: ModelChoice): boolean {
    if (!this.configure(choice)) return false;
    this.wanted = choice;
    return true;
  }

  /** A session ended: its waiting frames and state may go. */
  forgetSession(sessionId: string): void {
    this.process.send({ type: 'forget-session', sessionId });
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.process.stop();
  }

  private configure({ model, scoreThreshold }: ModelChoice): boolean {
    const { socketPath, executionProvider, threads, deadlineMs, maxDetections } = this.options;
    return this.process.send({
      type: 'configure',
      socketPath,
      model,
      executionProvider,
      threads,
      deadlineMs,
      scoreThreshold,
      maxDetections,
    });
  }

  private receive(message: Exclude<FromVision, { type: 'ready' | 'pong' | 'log' }>): void {
    switch (message.type) {
      case 'configured': {
        const { type: _, ...configured } = message;
        if (this.wanted?.model.entry.name === configured.model) {
          this.inUse = this.wanted;
          this.wanted = null;
        }
        this.configuredInput = configured.input;
        this.options.onConfigured(configured);
        return;
      }
      case 'result': {
        const { type: _, ...result } = message;
        this.options.onResult(result);
        return;
      }
      case 'dropped': {
        const { type: _, ...drop } = message;
        this.options.onDropped(drop);
        return;
      }
      case 'problem':
        this.options.onProblem(new CodedError(message.code, message.details));
        return;
    }
  }
}
