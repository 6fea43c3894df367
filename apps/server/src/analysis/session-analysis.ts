import type { Analysis, CodedError, CodedSample, LatencySummary, ProcessState, Track } from '@media-analyzer/protocol';
import type { FrameTap, FromVision } from '@media-analyzer/protocol/process';
import { Tracker } from '@media-analyzer/vision/tracker';
import { RecentValues } from './recent.js';

/** A frame's detections, without identity, as the vision process gives them. */
export type VisionResult = Omit<Extract<FromVision, { type: 'result' }>, 'type'>;

/** The process that decodes the session and hands sampled frames to the vision process. */
export interface Decoder {
  readonly state: ProcessState;
  readonly counts: { readonly sampled: number; readonly dropped: Readonly<Record<string, number>> };
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
  readonly framesAnalysed: { inc(): void };
  readonly framesDropped: { inc(labels: { reason: string }, value: number): void };
  readonly overlayAlignment: { observe(seconds: number): void };
}

export interface SessionAnalysisOptions {
  readonly streamId: string;
  readonly sessionId: string;
  readonly decoder: Decoder;
  /** From this score on a detection stands on its own, 0..1. */
  readonly highScore: () => number;
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
  readonly #latency = new RecentValues();
  readonly #alignment = new RecentValues();
  #analysed = 0;
  /** Dropped by the vision process; the decoder counts its own. */
  #droppedByVision: Record<string, number> = {};
  #reported = { sampled: 0, dropped: {} as Record<string, number> };

  constructor(options: SessionAnalysisOptions) {
    this.#options = options;
    this.decoder = options.decoder;
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  /** A frame was analysed. */
  result({ ptsMs, capturedAt, completedAt, model, detections }: VisionResult): void {
    const { streamId, sessionId, metrics } = this.#options;
    this.#tracker ??= new Tracker({ highScore: this.#options.highScore() });
    const tracked = this.#tracker.update(ptsMs, detections);
    this.#analysed += 1;
    this.#latency.add(completedAt - capturedAt);
    metrics.framesAnalysed.inc();
    metrics.captureToResult.observe(Math.max(0, completedAt - capturedAt) / 1000);
    this.#options.onAnalysis({
      streamId,
      sessionId,
      ptsMs,
      capturedAt,
      completedAt: Math.round(completedAt),
      status: 'provisional',
      model,
      detections: tracked,
    });
  }

  /** The vision process let frames go. */
  dropped(reason: string, count: number): void {
    this.#droppedByVision[reason] = (this.#droppedByVision[reason] ?? 0) + count;
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
  counts(): {
    sampled: number;
    analysed: number;
    dropped: Readonly<Record<string, number>>;
    captureToResult: LatencySummary | null;
    overlayAlignment: LatencySummary | null;
    analysisRate: number;
  } {
    return {
      sampled: this.decoder.counts.sampled,
      analysed: this.#analysed,
      dropped: this.#dropped(),
      captureToResult: this.#latency.summary(),
      overlayAlignment: this.#alignment.summary(),
      analysisRate: this.#latency.rate(),
    };
  }

  /** Adds to the metrics what has happened since the last call. */
  report(): void {
    const { metrics } = this.#options;
    const { sampled } = this.decoder.counts;
    const dropped = this.#dropped();
    metrics.framesSampled.inc(Math.max(0, sampled - this.#reported.sampled));
    for (const [reason, count] of Object.entries(dropped)) {
      const more = count - (this.#reported.dropped[reason] ?? 0);
      if (more > 0) metrics.framesDropped.inc({ reason }, more);
    }
    this.#reported = { sampled, dropped };
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

  #dropped(): Record<string, number> {
    const dropped: Record<string, number> = { ...this.decoder.counts.dropped };
    for (const [reason, count] of Object.entries(this.#droppedByVision))
      dropped[reason] = (dropped[reason] ?? 0) + count;
    return dropped;
  }
}

/** What keeps a session from being analysed, as its decoder reports it. */
export interface DecoderEvents {
  onThumbnail(jpeg: Uint8Array): void;
  onProblem(problem: CodedError): void;
  onState(state: ProcessState): void;
}
