import type { ModelStatus, Recording, Session, Stream, StreamHealth } from '@media-analyzer/protocol';

/** A session for tests: 1080p30 H.264 and AAC from OBS. */
export function sessionOf(change: Partial<Session> = {}): Session {
  return {
    id: 'session',
    streamId: 'stream',
    epochAt: 1_700_000_000_000,
    startedAt: 1_700_000_000_000,
    endedAt: null,
    endReason: null,
    durationMs: 60_000,
    video: { codec: 'h264', codecString: 'avc1.640028', width: 1920, height: 1080, frameRate: 30 },
    audio: { codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2 },
    publisher: { address: '192.0.2.10', encoder: 'obs-output module' },
    gaps: [],
    storedBytes: 0,
    ...change,
  };
}

/** A recording for tests: a minute, ended, all of it there. */
export function recordingOf(change: Partial<Recording> = {}): Recording {
  const session = sessionOf({ endedAt: 1_700_000_090_000, endReason: 'reconnect_window_passed', ...change });
  const base = `/api/streams/${session.streamId}/sessions/${session.id}`;
  return {
    ...session,
    onAir: session.endedAt === null,
    mediaFromMs: 0,
    classes: [],
    playbackUrl: `/hls/${session.streamId}/${session.id}/recording.m3u8`,
    parts: 1,
    pictureUrl: `${base}/picture.jpg`,
    downloadUrl: `${base}/download.mp4`,
    ...change,
  };
}

/** A stream for tests, offline and never used. */
export function streamOf(change: Partial<Stream> = {}): Stream {
  const id = change.id ?? 'stream';
  return {
    id,
    name: 'Studio',
    streamKey: 'key-of-the-stream',
    ingestUrl: 'rtmp://127.0.0.1:1935/live/key-of-the-stream',
    ingestServer: 'rtmp://127.0.0.1:1935/live',
    playbackUrl: `/hls/${id}/index.m3u8`,
    thumbnailUrl: null,
    state: 'offline',
    mode: 'realtime',
    retention: { maxAgeMs: null, maxBytes: null },
    problem: null,
    session: null,
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
    ...change,
  };
}

/** A model for tests, ready and in use. */
export function modelOf(change: Partial<ModelStatus> = {}): ModelStatus {
  return {
    name: 'yolox-nano',
    title: 'YOLOX nano',
    task: 'object-detection',
    licence: 'Apache-2.0',
    bytes: 3_700_000,
    state: 'ready',
    fetchedBytes: 0,
    active: true,
    problem: null,
    cost: null,
    fetchable: true,
    ownFiles: null,
    ...change,
  };
}

/** Health for tests: a good stream; `dropped` as the server counts it. */
export function healthOf(change: { dropped?: Record<string, number> } & Partial<StreamHealth> = {}): StreamHealth {
  const { dropped = {}, ...rest } = change;
  return {
    streamId: 'stream',
    sessionId: 'session',
    at: 1_700_000_060_000,
    state: 'live',
    video: null,
    audio: null,
    measuredFrameRate: 30,
    bitrate: 4_500_000,
    keyframeIntervalMs: 1000,
    publisher: null,
    uptimeMs: 60_000,
    captureToResult: { p50: 80, p95: 120, count: 600 },
    overlayAlignment: null,
    frames: { received: 1800, sampled: 600, analysed: 590, dropped },
    analysisRate: 10,
    model: 'yolox-nano',
    mediaProcess: 'running',
    visionProcess: 'running',
    warnings: [],
    ...rest,
  };
}
