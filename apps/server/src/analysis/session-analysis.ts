import type {
  Analysis,
  AppearanceLevels,
  CodedError,
  CodedSample,
  LatencySummary,
  ProcessState,
  SeenNow,
  Track,
} from '@media-analyzer/protocol';
import type { FrameTap, FromVision } from '@media-analyzer/protocol/process';
import { CertaintyFold, Tracker } from '@media-analyzer/vision/tracker';
import { type DecoderCounts, FrameLedger, type FrameTotals } from './frame-ledger.js';
import { RecentValues } from './recent.js';
import { WhatIsSeen } from './seen-now.js';

/** A frame's detections, without identity, as the vision process gives them. */
export type VisionResult = Omit<Extract<FromVision, { type: 'result' }>, 'type'>;

/** The process that decodes the session and hands sampled frames to the vision process. */
export interface Decoder {
  readonly state: ProcessState;
  readonly counts: DecoderCounts;
  start(): void;
  setTap(tap: FrameTap | null): void;
  track(track: Track): void;
  sample(sample: CodedSample): void;
  discontinuity(): void;
  stop(): Promise<void>;
}

/** Counters; prom-client's fit. */
export interface AnalysisMetrics {
  readonly captureToResult: { observe(seconds: number): void };
  readonly framesSampled: { inc(value: number): void };
  readonly framesAnalysed: { inc(value: number): void };
  readonly inference: { observe(labels: { model: string }, seconds: number): void };
  readonly framesDropped: { inc(labels: { reason: string }, value: number): void };
  readonly overlayAlignment: { observe(seconds: number): void };
}

export interface SessionAnalysisOptions {
  readonly streamId: string;
  readonly sessionId: string;
  readonly decoder: Decoder;
  /** From this score on a detection stands on its own, 0..1. */
  readonly highScore: () => number;
  /** What makes a tracked object an appearance, by the model in use. */
  readonly levels: () => AppearanceLevels;
  readonly metrics: AnalysisMetrics;
  /** A result with its tracks, in the order in which they became ready. */
  onAnalysis(analysis: Analysis): void;
  onClose(): void;
}

/** The realtime analysis of one session: gives detections their identity, counts what became of every sampled frame. */
export class RealtimeAnalysis {
  readonly decoder: Decoder;
  readonly #options: SessionAnalysisOptions;
  /** Made with the first result: only then the model, and with it the score that counts, is known for sure. */
  #tracker: Tracker | null = null;
  readonly #certainty = new CertaintyFold();
  #model: string | null = null;
  readonly #seen = new WhatIsSeen();
  readonly #latency = new RecentValues();
  readonly #alignment = new RecentValues();
  readonly #ledger: FrameLedger;
  #reported: FrameTotals = { sampled: 0, analysed: 0, dropped: {} };

  constructor(options: SessionAnalysisOptions) {
    this.#options = options;
    this.decoder = options.decoder;
    this.#ledger = new FrameLedger(() => options.decoder.counts);
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  /** A frame was analysed. */
  result({ ptsMs, capturedAt, completedAt, model, detections }: VisionResult): void {
    const { streamId, sessionId, metrics } = this.#options;
    const highScore = this.#options.highScore();
    if (!this.#tracker) this.#tracker = new Tracker({ highScore });
    else if (model !== this.#model) this.#tracker.retune({ highScore });
    this.#model = model;
    const tracked = this.#tracker.update(ptsMs, detections);
    const judged = this.#certainty.update(ptsMs, tracked, this.#options.levels());
    this.#seen.add(Date.now(), judged);
    this.#ledger.analysed();
    this.#latency.add(completedAt - capturedAt);
    metrics.captureToResult.observe(Math.max(0, completedAt - capturedAt) / 1000);
    this.#options.onAnalysis({
      streamId,
      sessionId,
      ptsMs,
      capturedAt,
      completedAt: Math.round(completedAt),
      status: 'provisional',
      model,
      detections: judged,
    });
  }

  /** The vision process let frames go. */
  dropped(reason: string, count: number): void {
    this.#ledger.dropped(reason, count);
  }

  /** Time or content jumps: objects are new ones from here on. */
  discontinuity(): void {
    this.#tracker?.reset();
    this.decoder.discontinuity();
  }

  /** Overlay alignment errors that a player measured, ms. */
  aligned(errorsMs: readonly number[]): void {
    for (const error of errorsMs) {
      this.#alignment.add(error);
      this.#options.metrics.overlayAlignment.observe(error / 1000);
    }
  }

  /** Totals of the session, and how it goes right now. */
  counts(): FrameTotals & {
    captureToResult: LatencySummary | null;
    overlayAlignment: LatencySummary | null;
    analysisRate: number;
    seen: readonly SeenNow[];
  } {
    return {
      ...this.#ledger.totals(),
      captureToResult: this.#latency.summary(),
      overlayAlignment: this.#alignment.summary(),
      analysisRate: this.#latency.rate(),
      seen: this.#seen.now(Date.now()),
    };
  }

  /** Frames of which the models answered, and those lost because they could not keep up, since the start. */
  get load(): { readonly analysed: number; readonly lost: number } {
    const { analysed, dropped } = this.#ledger.totals();
    const { superseded = 0, deadline = 0, link_busy = 0 } = dropped;
    return { analysed, lost: superseded + deadline + link_busy };
  }

  /** Adds to the metrics what has happened since the last call. */
  report(): void {
    const { metrics } = this.#options;
    const totals = this.#ledger.totals();
    const { sampled, analysed, dropped } = totals;
    // One after the other from one reading, so that no scrape sees more analysed than sampled.
    metrics.framesSampled.inc(sampled - this.#reported.sampled);
    metrics.framesAnalysed.inc(analysed - this.#reported.analysed);
    for (const [reason, count] of Object.entries(dropped)) {
      const more = count - (this.#reported.dropped[reason] ?? 0);
      if (more > 0) metrics.framesDropped.inc({ reason }, more);
    }
    this.#reported = totals;
  }

  /** Ends the decoding of the session; results that are still under way are not waited for. */
  async close(): Promise<void> {
    try {
      await this.decoder.stop();
    } finally {
      this.report();
      this.#options.onClose();
    }
  }
}

/** What keeps a session from being analysed, as its decoder reports it. */
export interface DecoderEvents {
  onThumbnail(thumbnail: { readonly ptsMs: number; readonly jpeg: Uint8Array }): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState): void;
}
