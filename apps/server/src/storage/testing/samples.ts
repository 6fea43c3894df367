import { setImmediate } from 'node:timers/promises';
import type { Analysis, Detection } from '@media-analyzer/protocol';
import type { Database } from '../database.js';
import type { NewSegment } from '../segment-repository.js';
import { SessionRepository } from '../session-repository.js';
import { type StreamRecord, StreamRepository } from '../stream-repository.js';

/** 2026-01-01T00:00:00Z. */
export const EPOCH_AT = 1_767_225_600_000;

export const SESSION_START = { epochAt: EPOCH_AT, startedAt: EPOCH_AT + 5 };

/** A stream with one session on air. */
export async function makeSession(
  database: Database,
  retention = { maxAgeMs: null, maxBytes: null } as StreamRecord['retention'],
) {
  const stream = await new StreamRepository(database).create({ name: 'Studio', mode: 'realtime', retention });
  const session = await new SessionRepository(database).start({ streamId: stream.id, ...SESSION_START });
  // Ids of two makers within one millisecond are in no order: what a test makes next comes after this.
  for (const madeAt = Date.now(); Date.now() === madeAt; ) await setImmediate();
  return { stream, session, streamId: stream.id, sessionId: session.id };
}

/** The segment number `msn` of a session: two seconds, 1000 bytes. */
export function makeSegment(sessionId: string, msn: number, change: Partial<NewSegment> = {}): NewSegment {
  return {
    sessionId,
    msn,
    name: `seg-${msn}.m4s`,
    initName: 'init-0.mp4',
    startMs: msn * 2000,
    durationMs: 2000,
    bytes: 1000,
    discontinuity: false,
    independent: true,
    gap: false,
    ...change,
  };
}

export function makeDetection(change: Partial<Detection> = {}): Detection {
  return { label: 'person', score: 0.75, box: [0.125, 0.25, 0.5, 0.625], trackId: 1, ...change };
}

export function makeAnalysis(
  ids: { streamId: string; sessionId: string },
  ptsMs: number,
  change: Partial<Analysis> = {},
): Analysis {
  return {
    streamId: ids.streamId,
    sessionId: ids.sessionId,
    ptsMs,
    capturedAt: EPOCH_AT + Math.round(ptsMs) + 40,
    completedAt: EPOCH_AT + Math.round(ptsMs) + 120,
    status: 'provisional',
    model: 'yolox-nano',
    detections: [makeDetection()],
    ...change,
  };
}
