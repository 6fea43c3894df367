import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Analysis, CodedError, ErrorCode } from '@media-analyzer/protocol';
import { RealtimeStrategy } from '../analysis/index.js';
import type { Config } from '../config/index.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { NoticeHistory } from '../notice-history.js';
import type { NoticeBoard } from '../notices.js';
import { MediaProcess, type ProcessTable, VisionProcess } from '../processes/index.js';
import type { AnalysisOfSessions } from '../streams/index.js';
import type { Closing } from './closing.js';
import type { Models } from './models.js';

/** How often a stream gets a new picture, ms of its time, and how wide, pixels. */
const THUMBNAIL = { everyMs: 5000, width: 480 } as const;
/** Boxes on one frame at most; a picture with more is a texture. */
const MAX_DETECTIONS = 100;
/** Notices about the model that is in use: one at a time. */
const MODEL_NOTICES: readonly ErrorCode[] = [
  'model_unknown',
  'model_missing',
  'model_hash_mismatch',
  'model_invalid',
  'execution_provider_unavailable',
  'inference_failed',
];
/** Notices about the vision process: one at a time, and only when restarts do not help. */
const PROCESS_NOTICES: readonly ErrorCode[] = [
  'process_start_timeout',
  'process_unresponsive',
  'process_memory_exceeded',
  'process_exited',
];

/** What the analysis is wired to. */
export interface RealtimeParts {
  /** To begin with. */
  readonly model: string;
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly models: Models;
  readonly notices: NoticeBoard;
  /** Remembers restarts, which are over before anybody could read of them. */
  readonly history: NoticeHistory;
  /** Where the children can be seen. */
  readonly table: ProcessTable;
  onAnalysis(analysis: Analysis): void;
}

/** The realtime analysis with its child processes. Nothing runs before its `start`. */
export async function openRealtime(parts: RealtimeParts, closing: Closing): Promise<RealtimeStrategy> {
  const { model, config, log, metrics, models, notices, history, table, onAnalysis } = parts;
  const socketDir = await mkdtemp(path.join(os.tmpdir(), 'media-analyzer-'));
  closing.add('socket folder', () => rm(socketDir, { recursive: true, force: true }));
  const socketPath = path.join(socketDir, 'vision.sock');
  const clear = (codes: readonly ErrorCode[]): void => {
    for (const code of codes) notices.clear(code);
  };
  const restarted = (process: 'media' | 'vision', problem: CodedError, streamId: string | null): void => {
    const { code, message } = problem;
    metrics.processRestarts.inc({ process, code });
    history.happened({ code, message, severity: 'warning', streamId });
  };
  const realtime = new RealtimeStrategy({
    model,
    rate: config.analysis.rate,
    sampling: config.analysis.sampling,
    scoreThreshold: config.analysis.scoreThreshold,
    socketPath,
    models: models.store,
    log,
    metrics,
    onAnalysis,
    startVision: (loaded, { scoreThreshold }, events) =>
      new VisionProcess({
        socketPath,
        model: loaded,
        executionProvider: config.analysis.executionProvider,
        threads: config.analysis.visionThreads,
        deadlineMs: config.analysis.frameDeadlineMs,
        scoreThreshold,
        maxDetections: MAX_DETECTIONS,
        log,
        table,
        limits: { memoryBytes: config.processes.visionMemoryLimitBytes },
        ...events,
      }),
    openDecoder: ({ streamId, sessionId }, tap, { onThumbnail, onProblem, onState }) =>
      new MediaProcess({
        sessionId,
        tap,
        thumbnail: THUMBNAIL,
        log,
        table,
        limits: { memoryBytes: config.processes.mediaMemoryLimitBytes },
        onThumbnail,
        onCounts: () => {},
        onProblem,
        onState: (state, problem) => {
          if (problem) restarted('media', problem, streamId);
          onState(state);
        },
      }),
    onProblem: (problem) => {
      clear(MODEL_NOTICES);
      if (problem) notices.raise(problem, 'warning');
    },
    onVisionState: (state, problem) => {
      if (problem) restarted('vision', problem, null);
      if (state === 'running' || state === 'failed') clear(PROCESS_NOTICES);
      if (state === 'failed' && problem) notices.raise(problem, 'error');
    },
  });
  closing.add('vision process', () => realtime.close());
  return realtime;
}

/** The realtime analysis as sessions ask for it. */
export function analysisOfSessions(realtime: RealtimeStrategy): AnalysisOfSessions {
  return {
    open(session, events) {
      const analysis = realtime.open(session, events);
      return {
        decoding: analysis.decoder,
        discontinuity: () => analysis.discontinuity(),
        close: () => analysis.close(),
        health: () => ({
          ...analysis.counts(),
          rate: realtime.rate,
          model: realtime.model,
          visionProcess: realtime.visionState,
          blocked: realtime.blocked,
        }),
      };
    },
  };
}
