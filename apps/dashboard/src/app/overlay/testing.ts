import type { Analysis, Box } from '@media-analyzer/protocol';
import type { DrawRecord } from './alignment';

/** An analysis for tests: `[label, trackId, box, score]` per detection. */
export function analysisAt(
  ptsMs: number,
  detections: readonly (readonly [label: string, trackId: number | null, box?: Box, score?: number])[] = [],
  status: Analysis['status'] = 'provisional',
): Analysis {
  return {
    streamId: 'stream',
    sessionId: 'session',
    ptsMs,
    capturedAt: 1_700_000_000_000 + Math.round(ptsMs),
    completedAt: 1_700_000_000_080 + Math.round(ptsMs),
    status,
    model: 'model',
    detections: detections.map(([label, trackId, box = [0, 0, 0.1, 0.1], score = 0.5]) => ({
      label,
      trackId,
      box,
      score,
    })),
  };
}

/** A drawing for tests: of the first frame, without boxes. */
export function drawOf(change: Partial<DrawRecord> = {}): DrawRecord {
  return {
    ...{ at: 0, mediaTime: 0, ptsMs: 0, clock: 'container', kind: 'none', drawnPtsMs: null, beforePtsMs: null },
    ...{
      afterPtsMs: null,
      exact: false,
      interpolated: false,
      boxes: 0,
      latenessMs: 0,
      errorMs: null,
      presentedFrames: 1,
    },
    ...change,
  };
}
