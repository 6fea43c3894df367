/** Examples of what the protocol carries, complete and valid, for tests. */
import type {
  Analysis,
  Interval,
  ModelStatus,
  Notice,
  Recording,
  Session,
  Stream,
  StreamHealth,
  SystemStatus,
} from '@media-analyzer/protocol';

const EPOCH = 1_790_000_000_000;

export function makeSession(change: Partial<Session> = {}): Session {
  return {
    id: 'session-1',
    streamId: 'stream-1',
    epochAt: EPOCH,
    startedAt: EPOCH,
    endedAt: null,
    endReason: null,
    durationMs: 12_480,
    video: { codec: 'h264', codecString: 'avc1.64001f', width: 1280, height: 720, frameRate: 29.97 },
    audio: { codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2 },
    publisher: { address: '192.0.2.7', encoder: 'obs-output module' },
    gaps: [{ fromMs: 4_000, toMs: 6_500, reason: 'publisher_lost' }],
    storedBytes: 5_242_880,
    ...change,
  };
}

export function makeRecording(change: Partial<Recording> = {}): Recording {
  const session = makeSession(change);
  const base = `/api/streams/${session.streamId}/sessions/${session.id}`;
  return {
    ...session,
    onAir: session.endedAt === null,
    mediaFromMs: 0,
    classes: [{ label: 'dog', most: 2, seconds: 9 }],
    playbackUrl: `/hls/${session.streamId}/${session.id}/recording.m3u8`,
    parts: 1,
    pictureUrl: `${base}/picture.jpg`,
    downloadUrl: `${base}/download.mp4`,
    ...change,
  };
}

export function makeStream(change: Partial<Stream> = {}): Stream {
  const id = change.id ?? 'stream-1';
  return {
    id,
    name: 'Studio 1',
    streamKey: 'key-1',
    ingestUrl: 'rtmp://127.0.0.1:1935/live/key-1',
    ingestServer: 'rtmp://127.0.0.1:1935/live',
    playbackUrl: `/hls/${id}/index.m3u8`,
    thumbnailUrl: null,
    state: 'live',
    mode: 'realtime',
    retention: { maxAgeMs: 86_400_000, maxBytes: null },
    problem: null,
    session: makeSession({ streamId: id }),
    createdAt: EPOCH,
    updatedAt: EPOCH,
    ...change,
  };
}

export function makeHealth(change: Partial<StreamHealth> = {}): StreamHealth {
  return {
    streamId: 'stream-1',
    sessionId: 'session-1',
    at: EPOCH,
    state: 'live',
    video: { codec: 'h264', codecString: 'avc1.64001f', width: 1280, height: 720, frameRate: 29.97 },
    audio: null,
    measuredFrameRate: 29.9,
    bitrate: 2_500_000,
    keyframeIntervalMs: 2_000,
    publisher: { address: '192.0.2.7', encoder: null },
    uptimeMs: 12_480,
    captureToResult: { p50: 96, p95: 171, count: 124 },
    overlayAlignment: null,
    frames: { received: 374, sampled: 125, analysed: 124, dropped: { superseded: 1 } },
    analysisRate: 9.9,
    model: 'yolox-nano',
    mediaProcess: 'running',
    visionProcess: 'running',
    warnings: [{ code: 'keyframe_interval_long', message: 'The keyframe interval is 10 s; set 2 s in the encoder' }],
    ...change,
  };
}

export function makeAnalysis(change: Partial<Analysis> = {}): Analysis {
  return {
    streamId: 'stream-1',
    sessionId: 'session-1',
    ptsMs: 1_000,
    capturedAt: EPOCH + 1_000,
    completedAt: EPOCH + 1_096,
    status: 'provisional',
    model: 'yolox-nano',
    detections: [{ label: 'person', score: 0.91, box: [0.1, 0.2, 0.3, 0.4], trackId: 7 }],
    ...change,
  };
}

export function makeInterval(change: Partial<Interval> = {}): Interval {
  return {
    ...{ id: 'session-1-7', kind: 'appearance', label: 'person', fromMs: 1_000, toMs: 5_000, score: 0.7 },
    ...{ status: 'provisional', coverage: null, sessionId: 'session-1', trackId: 7, model: 'yolox-nano' },
    ...{ certainty: 'very_sure', sureMs: 1_300, verySureMs: 2_000 },
    evidence: [{ ptsMs: 2_500, box: [0.1, 0.2, 0.3, 0.4], score: 0.9 }],
    ...change,
  };
}

export function makeModel(change: Partial<ModelStatus> = {}): ModelStatus {
  return {
    name: 'yolox-nano',
    title: 'YOLOX nano',
    task: 'object-detection',
    licence: 'Apache-2.0',
    bytes: 3_700_000,
    state: 'ready',
    fetchedBytes: 3_700_000,
    active: true,
    problem: null,
    cost: null,
    fetchable: true,
    ownFiles: null,
    ...change,
  };
}

export function makeNotice(change: Partial<Notice> = {}): Notice {
  return {
    code: 'storage_full',
    message: 'The disk is full',
    severity: 'error',
    streamId: null,
    since: EPOCH,
    ...change,
  };
}

export function makeSystemStatus(change: Partial<SystemStatus> = {}): SystemStatus {
  return {
    version: '0.1.0',
    role: 'all',
    startedAt: EPOCH,
    node: 'v20.20.0',
    database: 'pglite',
    rtmp: { host: '127.0.0.1', port: 1935, connections: 1 },
    model: 'yolox-nano',
    visionProcess: 'running',
    executionProvider: 'cpu',
    disk: { usedBytes: 5_242_880, freeBytes: 10_000_000_000 },
    notices: [makeNotice()],
    refusals: [
      {
        ...{ code: 'stream_key_busy', message: 'The stream already has a publisher that is sending' },
        ...{ address: '192.0.2.9', encoder: 'obs-output module', streamId: 'stream-1', count: 3 },
        ...{ firstAt: EPOCH, lastAt: EPOCH + 4_000 },
      },
    ],
    demo: { running: false, streamId: null },
    ...change,
  };
}
