/** Models, processes and counters that do what a test says. */
import {
  type Analysis,
  CodedError,
  type CodedSample,
  type ModelInput,
  type ModelStatus,
  type ProcessState,
  type Track,
} from '@media-analyzer/protocol';
import type { FrameTap, LoadedModel } from '@media-analyzer/protocol/process';
import { silentLog } from '../../log.js';
import type { DecoderCounts } from '../frame-ledger.js';
import { RealtimeStrategy, type VisionEvents } from '../realtime.js';
import type { AnalysisMetrics, Decoder, VisionResult } from '../session-analysis.js';

const INPUT: ModelInput = {
  ...{ width: 416, height: 416, fit: 'letterbox-top-left', pad: 114, channels: 'bgr' },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};

/** A model that wants pictures of this side, in its own way. */
export const modelOf = (name: string, scoreThreshold = 0.5): LoadedModel => ({
  path: `/models/${name}.onnx`,
  labels: ['person'],
  entry: {
    ...{ name, task: 'object-detection', family: 'yolox', title: 'Tiny', licence: 'MIT', bundled: false },
    ...{ homepage: 'https://example.com/', files: [], labels: 'coco-80', scoreThreshold, iouThreshold: 0.5 },
    appearance: { sure: { score: 0.5, ageMs: 300 }, verySure: { score: 0.7, ageMs: 1000 } },
    ...{ input: INPUT, cost: null, obtain: null },
  },
});

export class FakeDecoder implements Decoder {
  state: ProcessState = 'running';
  counts: DecoderCounts = { sampled: 0, sent: 0, dropped: {}, linkLosses: 0 };
  readonly taps: (FrameTap | null)[];
  discontinuities = 0;
  stopped = false;

  constructor(tap: FrameTap | null) {
    this.taps = [tap];
  }

  start(): void {}
  setTap(tap: FrameTap | null): void {
    this.taps.push(tap);
  }
  track(_track: Track): void {}
  sample(_sample: CodedSample): void {}
  discontinuity(): void {
    this.discontinuities += 1;
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

/** The vision process as the strategy sees it; the test speaks for it through `events`. */
export class FakeVision {
  started = false;
  stopped = false;
  readonly forgotten: string[] = [];
  /** Models that it was told to load beside the one in use. */
  readonly asked: string[] = [];

  constructor(
    readonly model: string,
    readonly events: VisionEvents,
    readonly scoreThreshold: number,
  ) {}

  start(): void {
    this.started = true;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  forgetSession(sessionId: string): void {
    this.forgotten.push(sessionId);
  }

  use({ model }: { model: LoadedModel }): boolean {
    this.asked.push(model.entry.name);
    return true;
  }

  /** The process is up. */
  running(): void {
    this.events.onState('running', null);
  }

  /** A model is loaded. */
  configured(model = 'tiny'): void {
    this.events.onConfigured({ model, input: INPUT, executionProvider: 'cpu', loadMs: 12.3 });
  }
}

export function fakeMetrics() {
  const seen = {
    captureToResult: [] as number[],
    alignment: [] as number[],
    inference: [] as [string, number][],
    sampled: 0,
    analysed: 0,
  };
  const dropped: Record<string, number> = {};
  const metrics: AnalysisMetrics = {
    captureToResult: { observe: (seconds) => void seen.captureToResult.push(seconds) },
    overlayAlignment: { observe: (seconds) => void seen.alignment.push(seconds) },
    framesSampled: {
      inc: (value) => {
        seen.sampled += value;
      },
    },
    inference: { observe: ({ model }, seconds) => void seen.inference.push([model, seconds]) },
    framesAnalysed: {
      inc: (value) => {
        seen.analysed += value;
      },
    },
    framesDropped: {
      inc: ({ reason }, value) => {
        dropped[reason] = (dropped[reason] ?? 0) + value;
      },
    },
  };
  return { metrics, seen, dropped };
}

/** A strategy whose model is missing until `arrive`. */
export function makeStrategy({ missing = false, scoreThreshold = null as number | null } = {}) {
  const visions: FakeVision[] = [];
  const decoders: FakeDecoder[] = [];
  const analyses: Analysis[] = [];
  const problems: (string | null)[] = [];
  const states: ProcessState[] = [];
  const watchers = new Set<(state: Omit<ModelStatus, 'active'>) => void>();
  const { metrics, seen, dropped } = fakeMetrics();
  const model = { failure: missing ? new CodedError('model_missing', { model: 'tiny' }) : null };
  const strategy = new RealtimeStrategy({
    ...{
      model: 'tiny',
      rate: 10,
      sampling: 'even',
      scoreThreshold,
      socketPath: '/run/vision.sock',
      log: silentLog,
      metrics,
    },
    models: {
      async resolve(name) {
        if (model.failure) throw model.failure;
        return modelOf(name, name === 'strict' ? 0.8 : 0.5);
      },
      watch(listener) {
        watchers.add(listener);
        return () => watchers.delete(listener);
      },
    },
    startVision(loaded, settings, events) {
      const vision = new FakeVision(loaded.entry.name, events, settings.scoreThreshold);
      visions.push(vision);
      return vision;
    },
    openDecoder(_sessionId, tap) {
      const decoder = new FakeDecoder(tap);
      decoders.push(decoder);
      return decoder;
    },
    onAnalysis: (analysis) => void analyses.push(analysis),
    onProblem: (problem) => void problems.push(problem?.code ?? null),
    onVisionState: (state) => void states.push(state),
  });
  const open = (sessionId = 'session-1', streamId = 'stream-1') =>
    strategy.open({ streamId, sessionId }, { onThumbnail() {}, onProblem() {}, onState() {} });
  return {
    ...{ strategy, visions, decoders, analyses, problems, states, watchers, seen, dropped, model, open },
    /** The store says that a model's weights are there now. */
    ready(name = 'tiny') {
      const rest = { title: name, task: 'object-detection', licence: 'MIT', bytes: 1, fetchedBytes: 1, problem: null };
      const origin = { cost: null, fetchable: true, ownFiles: null };
      for (const tell of watchers) tell({ name, state: 'ready', ...rest, ...origin });
    },
  };
}

/** One person, walking to the right. */
export function result(ptsMs: number, change: Partial<VisionResult> = {}): VisionResult {
  const capturedAt = 1_790_000_000_000 + ptsMs;
  return {
    ...{ sessionId: 'session-1', ptsMs, capturedAt, completedAt: capturedAt + 100, inferenceMs: 30, model: 'tiny' },
    detections: [{ label: 'person', score: 0.9, box: [0.1 + ptsMs / 100_000, 0.2, 0.2, 0.4] }],
    ...change,
  };
}
