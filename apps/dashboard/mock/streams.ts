import type {
  Analysis,
  ModelStatus,
  Notice,
  Session,
  Stream,
  StreamHealth,
  SystemStatus,
} from '@media-analyzer/protocol';
import { CLIP_MS, FRAME_MS, PICTURE, START_MS } from './clip.ts';
import fixture from './generated/pedestrians.json' with { type: 'json' };

const HOUR_MS = 3_600_000;

export function makeStream(change: Partial<Stream> & Pick<Stream, 'id' | 'name'>): Stream {
  const streamKey = `live_${change.id}_4f9c2e71ab`;
  return {
    streamKey,
    ingestUrl: `rtmp://192.0.2.7:1935/live/${streamKey}`,
    ingestServer: 'rtmp://192.0.2.7:1935/live',
    playbackUrl: `/hls/${change.id}/index.m3u8`,
    thumbnailUrl: null,
    state: 'offline',
    mode: 'realtime',
    retention: { maxAgeMs: 24 * HOUR_MS, maxBytes: 20_000_000_000 },
    problem: null,
    session: null,
    createdAt: Date.now(),
    updatedAt: Date.now(),
    ...change,
  };
}

export function makeSession(streamId: string, change: Partial<Session> = {}): Session {
  const epochAt = Date.now() - 95_000;
  return {
    id: `${streamId}-session`,
    streamId,
    epochAt,
    startedAt: epochAt,
    endedAt: null,
    endReason: null,
    durationMs: 95_000,
    video: { codec: 'h264', codecString: 'avc1.64001e', ...PICTURE, frameRate: 25 },
    audio: { codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2 },
    publisher: { address: '192.0.2.41', encoder: 'obs-output module (libobs version 29.0.2)' },
    gaps: [],
    storedBytes: 21_000_000,
    ...change,
  };
}

/** Streams in every state. */
export function allStates(): Stream[] {
  const now = Date.now();
  const picture = (id: string) => `/api/streams/${id}/thumbnail.jpg`;
  return [
    makeStream({
      id: 'street',
      name: 'Pedestrian street',
      state: 'live',
      thumbnailUrl: picture('street'),
      session: makeSession('street'),
    }),
    makeStream({
      id: 'hevc',
      name: 'Drone, HEVC',
      state: 'live',
      thumbnailUrl: picture('hevc'),
      session: makeSession('hevc', {
        video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.90', width: 1920, height: 1080, frameRate: 50 },
        publisher: { address: '192.0.2.90', encoder: 'Larix Broadcaster 1.3' },
      }),
    }),
    makeStream({
      id: 'gate',
      name: 'Main gate',
      state: 'reconnecting',
      reconnectUntilAt: now + 300_000,
      thumbnailUrl: picture('gate'),
      session: makeSession('gate', { gaps: [{ fromMs: 80_000, toMs: 84_000, reason: 'publisher_lost' }] }),
    }),
    makeStream({ id: 'studio', name: 'Studio camera 2', state: 'connecting' }),
    makeStream({
      id: 'talk',
      name: 'Evening talk',
      state: 'ended',
      thumbnailUrl: picture('talk'),
      session: makeSession('talk', { endedAt: now - 2 * HOUR_MS, endReason: 'publisher_ended', publisher: null }),
    }),
    makeStream({
      id: 'radio',
      name: 'Radio desk',
      state: 'live',
      problem: { code: 'codec_unsupported', message: 'video codec "vp09" cannot be carried; set the encoder to H.264' },
      session: makeSession('radio', { video: null }),
    }),
    makeStream({ id: 'roof', name: 'Roof camera with a rather long name that has to be cut somewhere' }),
  ];
}

/** Real results of the clip, as the live path would have given them: a little after the frame. */
export function analysisOf(stream: Stream, index: number): Analysis | null {
  const { session } = stream;
  if (!session?.video) return null;
  const perTurn = Math.floor(CLIP_MS / fixture.everyMs);
  const turn = Math.floor(index / perTurn);
  const rows = fixture.analyses[index % perTurn] ?? [];
  const ptsMs = START_MS + turn * CLIP_MS + (index % perTurn) * fixture.everyMs;
  const capturedAt = session.epochAt + ptsMs;
  return {
    streamId: stream.id,
    sessionId: session.id,
    ptsMs,
    capturedAt,
    completedAt: capturedAt + 84,
    status: 'provisional',
    model: 'yolox-nano',
    detections: rows.map(([label, score, x, y, width, height, trackId]) => ({
      label: String(label),
      score: Number(score),
      box: [Number(x), Number(y), Number(width), Number(height)],
      trackId: Number(trackId) + turn * 1000,
    })),
  };
}

export const ANALYSIS_EVERY_MS = fixture.everyMs;

export function healthOf(stream: Stream, modelReady: boolean): StreamHealth {
  const { session } = stream;
  const uptimeMs = session ? Date.now() - session.startedAt : 0;
  const sampled = Math.round(uptimeMs / 100);
  const warnings: StreamHealth['warnings'] = [];
  if (stream.id === 'hevc') {
    warnings.push(
      {
        code: 'codec_not_playable_in_browsers',
        message: 'HEVC does not play in most browsers. Set the encoder to H.264.',
      },
      {
        code: 'keyframe_interval_long',
        message:
          'The keyframe interval is 8.3 s, so playback starts late and lags. Set it to 1 s, at most 2 s (OBS: Output, Keyframe Interval).',
      },
    );
  }
  return {
    streamId: stream.id,
    sessionId: session?.id ?? null,
    at: Date.now(),
    state: stream.state,
    video: session?.video ?? null,
    audio: session?.audio ?? null,
    measuredFrameRate: session?.video?.frameRate ?? null,
    bitrate: 1_740_000 + Math.round(Math.random() * 60_000),
    keyframeIntervalMs: stream.id === 'hevc' ? 8340 : 1000,
    publisher: session?.publisher ?? null,
    uptimeMs,
    captureToResult: modelReady ? { p50: 84, p95: 131, count: 498 } : null,
    overlayAlignment: modelReady ? { p50: 4.1, p95: 14.8, count: 600 } : null,
    frames: {
      received: Math.round(uptimeMs / FRAME_MS),
      sampled,
      analysed: modelReady ? sampled - 12 : 0,
      dropped: modelReady ? { superseded: 11, vision_down: 1 } : {},
    },
    analysisRate: modelReady ? 8.3 : 0,
    model: modelReady ? 'yolox-nano' : null,
    mediaProcess: 'running',
    visionProcess: modelReady ? 'running' : 'stopped',
    warnings,
  };
}

export function allModels(): ModelStatus[] {
  const model = (change: Partial<ModelStatus> & Pick<ModelStatus, 'name' | 'title' | 'bytes'>): ModelStatus => ({
    task: 'object-detection',
    licence: 'Apache-2.0',
    state: 'missing',
    fetchedBytes: 0,
    active: false,
    problem: null,
    cost: null,
    fetchable: true,
    ownFiles: null,
    ...change,
  });
  return [
    model({ name: 'yolox-nano', title: 'YOLOX nano', bytes: 3_660_000, state: 'ready', active: true }),
    model({ name: 'yolox-tiny', title: 'YOLOX tiny', bytes: 20_200_000 }),
    model({ name: 'yolox-s', title: 'YOLOX s', bytes: 35_900_000, state: 'fetching', fetchedBytes: 14_100_000 }),
    model({
      name: 'deimv2-femto',
      title: 'DEIMv2 femto',
      bytes: 2_400_000,
      state: 'failed',
      problem: {
        code: 'model_hash_mismatch',
        message: 'deimv2_femto.onnx has SHA-256 9c1f…, the manifest says 41aa…; the file is refused',
      },
    }),
  ];
}

export function systemStatus(notices: Notice[], demo: SystemStatus['demo']): SystemStatus {
  return {
    version: '0.1.0',
    role: 'all',
    startedAt: Date.now() - 3 * HOUR_MS,
    node: process.version,
    database: 'pglite',
    rtmp: { host: '127.0.0.1', port: 1935, connections: 3 },
    model: 'yolox-nano',
    visionProcess: 'running',
    executionProvider: 'cpu',
    disk: { usedBytes: 12_400_000_000, freeBytes: 81_000_000_000 },
    notices,
    demo,
  };
}
