/**
 * Role `all`: the whole product in one process and its children. The one place where its parts meet: opened in the order
 * in which they rest on each other, closed in reverse.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RtmpServer } from '@media-analyzer/media/rtmp';
import { CodedError, describeError, type ModelStatus, type Notice } from '@media-analyzer/protocol';
import type { FromPublisher, ToPublisher } from '@media-analyzer/protocol/process';
import { loadManifest, ModelStore } from '@media-analyzer/vision/models';
import { RealtimeStrategy } from '../analysis/index.js';
import type { Config } from '../config/index.js';
import { buildHttpServer } from '../http/server.js';
import { LiveHub } from '../live/hub.js';
import type { Logger } from '../log.js';
import { createMetrics } from '../metrics.js';
import { NoticeBoard } from '../notices.js';
import {
  DEFAULT_PROCESS_LIMITS,
  MediaProcess,
  resolveChildEntry,
  SupervisedProcess,
  VisionProcess,
} from '../processes/index.js';
import {
  AnalysisRepository,
  AnalysisWriter,
  FolderObjectStore,
  openDatabase,
  openDataDir,
  RetentionJob,
  SegmentRepository,
  SessionRepository,
  StreamRepository,
  sweepOrphans,
} from '../storage/index.js';
import { Playback, StreamService } from '../streams/index.js';
import { Demo } from '../system/index.js';
import { Closing } from './closing.js';
import { createFastifyLog } from './fastify-log.js';
import { asProblem, blockedBy, hostForUrl, listAll, listenHttp, MODEL_NOTICES, nullIfNotFound } from './helpers.js';
import { createMediaObjects } from './media-objects.js';
import { PATHS, VERSION } from './paths.js';
import { createRtmpMetricsFeed } from './rtmp-metrics.js';
import { every } from './timers.js';

const HEALTH_EVERY_MS = 1000;
const RETENTION_EVERY_MS = 60_000;
const MAINTENANCE_EVERY_MS = 60 * 60_000;
const THUMBNAIL = { everyMs: 5000, width: 480 } as const;
/** Boxes on one frame at most; a picture with more is a texture. */
const MAX_DETECTIONS = 100;

/** A server that runs. */
export interface RunningServer {
  readonly httpUrl: string;
  readonly rtmpUrl: string;
  /** Stops taking work, ends what is on air, writes what waits, and ends the children. */
  close(): Promise<void>;
}

/** @throws CodedError what keeps the server from starting, with what to do about it; what was opened is closed again. */
export async function runAll(config: Config, log: Logger): Promise<RunningServer> {
  const closing = new Closing(log);
  try {
    return await open(config, log, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function open(config: Config, log: Logger, closing: Closing): Promise<RunningServer> {
  const startedAt = Date.now();
  const metrics = createMetrics();

  // Storage.
  const dataDir = await openDataDir({ path: config.storage.dataDir, log });
  closing.add('data folder', () => dataDir.close());
  const database = await openDatabase({ url: config.storage.databaseUrl, dataDir: dataDir.path, log });
  closing.add('database', () => database.close());
  const store = await FolderObjectStore.open({
    folder: path.join(dataDir.path, 'objects'),
    reserveBytes: config.storage.diskReserveBytes,
  });
  const streamRows = new StreamRepository(database);
  const sessionRows = new SessionRepository(database);
  const segmentRows = new SegmentRepository(database);
  const analysisRows = new AnalysisRepository(database);
  const objects = createMediaObjects(store);
  const interrupted = await sessionRows.closeInterrupted();
  if (interrupted.length > 0)
    log.warn({ sessions: interrupted.length }, 'sessions closed that were on air when the server died');
  const writer = new AnalysisWriter({ sink: analysisRows, log });
  closing.add('analysis writer', () => writer.close());

  // Models and notices; the hub that tells browsers of everything comes first, because all of them speak to it.
  const manifest = await loadManifest(PATHS.manifest);
  const models = new ModelStore({
    manifest,
    bundledDir: PATHS.bundledModels,
    cacheDir: config.models.dir,
    mirror: config.models.mirror,
    log: (level, text, fields) => log[level](fields ?? {}, text),
  });
  const withActive = (state: Omit<ModelStatus, 'active'>): ModelStatus => ({
    ...state,
    active: state.name === config.models.detection,
  });
  const listModels = (): ModelStatus[] => models.list().map(withActive);
  const notices = new NoticeBoard((all: readonly Notice[]) => hub.publishNotices(all));
  const hub: LiveHub = new LiveHub({
    lookups: {
      getStream: (streamId) => streams.get(streamId).catch(nullIfNotFound),
      listStreams: () => listAll((cursor) => streams.list({ limit: 1000, cursor })),
      notices: () => notices.all,
      models: listModels,
      reportAlignment: (streamId, errorsMs) => realtime.aligned(streamId, errorsMs),
    },
    metrics,
    log,
    version: VERSION,
  });
  closing.add(
    'model watch',
    models.watch((state) => hub.publishModel(withActive(state))),
  );

  // Analysis.
  const socketDir = await mkdtemp(path.join(os.tmpdir(), 'media-analyzer-'));
  closing.add('socket folder', () => rm(socketDir, { recursive: true, force: true }));
  const realtime: RealtimeStrategy = new RealtimeStrategy({
    model: config.models.detection,
    rate: config.analysis.rate,
    scoreThreshold: config.analysis.scoreThreshold,
    socketPath: path.join(socketDir, 'vision.sock'),
    models,
    log,
    metrics,
    startVision: (model, { scoreThreshold }, events) =>
      new VisionProcess({
        socketPath: path.join(socketDir, 'vision.sock'),
        model,
        executionProvider: config.analysis.executionProvider,
        threads: config.analysis.visionThreads,
        deadlineMs: config.analysis.frameDeadlineMs,
        scoreThreshold,
        maxDetections: MAX_DETECTIONS,
        log,
        limits: { memoryBytes: config.processes.visionMemoryLimitBytes },
        ...events,
      }),
    openDecoder: (sessionId, tap, { onThumbnail, onProblem, onState }) =>
      new MediaProcess({
        sessionId,
        tap,
        thumbnail: THUMBNAIL,
        log,
        limits: { memoryBytes: config.processes.mediaMemoryLimitBytes },
        onThumbnail: ({ jpeg }) => onThumbnail(jpeg),
        onCounts: () => {},
        onProblem,
        onState: (state, problem) => {
          if (problem) metrics.processRestarts.inc({ process: 'media', code: problem.code });
          onState(state);
        },
      }),
    onAnalysis: (analysis) => {
      hub.publishAnalysis(analysis);
      writer.append(analysis);
    },
    onProblem: (problem) => {
      for (const { code, streamId } of notices.all) if (MODEL_NOTICES.has(code)) notices.clear(code, streamId);
      if (problem) notices.raise(problem, 'warning');
    },
    onVisionFault: (problem) => metrics.processRestarts.inc({ process: 'vision', code: problem.code }),
  });
  closing.add('vision process', () => realtime.close());

  // Streams.
  let ingestServer = '';
  const streams: StreamService = new StreamService({
    streams: streamRows,
    sessions: sessionRows,
    segments: segmentRows,
    objects,
    analysis: {
      open: (session, events) => {
        const analysis = realtime.open(session, events);
        return {
          decoding: analysis.decoder,
          discontinuity: () => analysis.discontinuity(),
          close: () => analysis.close(),
          health: () => ({
            ...analysis.counts(),
            model: realtime.model,
            visionProcess: realtime.visionState,
            blocked: blockedBy(realtime),
          }),
        };
      },
    },
    events: {
      changed: (stream) => hub.publishStream(stream),
      removed: (streamId) => hub.publishRemoved(streamId),
      health: (health) => hub.publishHealth(health),
      problem: (streamId, code, problem) =>
        problem ? notices.raise(problem, 'error', streamId) : notices.clear(code, streamId),
    },
    metrics,
    log,
    packaging: config.packaging,
    reconnectWindowMs: config.sessions.reconnectWindowMs,
    takeoverMs: config.rtmp.takeoverMs,
    retention: config.storage.retention,
    ingestServer: () => ingestServer,
  });
  closing.add('streams', () => streams.close());

  // Ports.
  const rtmp = new RtmpServer({
    host: config.rtmp.host,
    port: config.rtmp.port,
    authorize: (request) => streams.admit(request),
    log: (level, text, fields) => log[level](fields, text),
    limits: {
      maxConnections: config.rtmp.maxConnections,
      maxConnectionsPerAddress: config.rtmp.maxConnectionsPerAddress,
    },
  });
  const rtmpAddress = await rtmp.listen();
  closing.add('RTMP server', () => rtmp.close());
  const rtmpUrl = `rtmp://${hostForUrl(rtmpAddress.host)}:${rtmpAddress.port}`;
  ingestServer = `${config.rtmp.publicUrl ?? rtmpUrl}/live`;

  const demo = new Demo({
    clip: PATHS.demoClip,
    log,
    streams: {
      createStream: (name) => streams.create({ name }),
      findStream: async (name) =>
        (await listAll((cursor) => streams.list({ limit: 1000, cursor }))).find((stream) => stream.name === name) ??
        null,
    },
    openPublisher: ({ file }, { onState, onProblem }) => {
      const publisher: SupervisedProcess<ToPublisher, FromPublisher> = new SupervisedProcess({
        name: 'demo publisher',
        entry: resolveChildEntry('@media-analyzer/media/loop-publisher'),
        limits: DEFAULT_PROCESS_LIMITS,
        log,
        onReady: () =>
          void publishDemo(publisher, file).catch((error: unknown) => log.warn({ err: error }, 'demo not published')),
        onMessage: (message) => {
          if (message.type === 'problem') onProblem(new CodedError(message.code, message.details));
        },
        onState,
      });
      return publisher;
    },
  });
  closing.add('demo', () => demo.stop());
  /** The address is asked for at each start of the publisher, because the key may have been changed. */
  const publishDemo = async (publisher: SupervisedProcess<ToPublisher, FromPublisher>, file: string): Promise<void> => {
    const { streamId } = demo.status;
    const stream = streamId === null ? null : await streams.get(streamId).catch(nullIfNotFound);
    // Over loopback, whatever name the world knows the port by.
    const host =
      config.rtmp.host === '0.0.0.0' || config.rtmp.host === '::' ? '127.0.0.1' : hostForUrl(config.rtmp.host);
    if (stream)
      publisher.send({ type: 'publish', url: `rtmp://${host}:${rtmpAddress.port}/live/${stream.streamKey}`, file });
  };

  const playback = new Playback({ sessions: streams, segments: segmentRows, objects });
  const http = await buildHttpServer({
    host: config.http.host,
    allowedOrigins: config.http.allowedOrigins,
    allowedHosts: config.http.allowedHosts,
    dashboardDir: PATHS.dashboard,
    version: VERSION,
    live: hub,
    metrics,
    logger: createFastifyLog(log),
    services: {
      streams,
      playback,
      analyses: {
        query: async (streamId, { session, from, to, limit, cursor }) => {
          const sessionId = session
            ? (await streams.session(streamId, session)).id
            : (await streams.currentSession(streamId))?.id;
          if (sessionId === undefined) return { items: [], nextCursor: null };
          await writer.flush();
          return analysisRows.query({ streamId, sessionId, fromMs: from, toMs: to, limit, cursor });
        },
      },
      models: {
        list: async () => listModels(),
        fetch: async (name) => {
          models.state(name);
          // Its progress and its end are told through the model watch.
          models
            .fetch(name)
            .catch((error: unknown) => log.warn({ model: name, problem: describeError(error) }, 'model not fetched'));
          return withActive(models.state(name));
        },
      },
      system: {
        status: async () => ({
          version: VERSION,
          role: config.role,
          startedAt,
          node: process.version,
          database: database.kind,
          rtmp: { host: rtmpAddress.host, port: rtmpAddress.port, connections: rtmp.stats().connections },
          model: config.models.detection,
          visionProcess: realtime.visionState,
          executionProvider: config.analysis.executionProvider,
          disk: { usedBytes: await segmentRows.totalBytes(), freeBytes: await store.freeBytes() },
          notices: notices.all,
          demo: demo.status,
        }),
        ready: async () => {
          const problem = await database.ping().then(() => null, asProblem);
          return { ready: problem === null, problems: problem ? [problem] : [] };
        },
        startDemo: () => demo.start(),
        stopDemo: () => demo.stop(),
      },
    },
  });
  closing.add('HTTP server', () => http.close());
  const httpUrl = await listenHttp(http, config);

  // Work by the clock.
  const retention = new RetentionJob({
    store,
    streams: streamRows,
    segments: segmentRows,
    sessions: sessionRows,
    analyses: analysisRows,
    log,
  });
  const feedMetrics = createRtmpMetricsFeed(rtmp, metrics);
  const timers = [
    every(HEALTH_EVERY_MS, log, 'health', async () => {
      streams.tick();
      realtime.report();
      feedMetrics();
      const { waiting } = writer.counts();
      metrics.databaseQueue.set(waiting);
    }),
    every(RETENTION_EVERY_MS, log, 'retention', async () => {
      await retention.run();
      metrics.storageBytes.set(await segmentRows.totalBytes());
    }),
    every(MAINTENANCE_EVERY_MS, log, 'maintenance', async () => {
      await sweepOrphans({ store, segments: segmentRows, sessions: sessionRows, log });
      await database.maintain();
    }),
  ];
  closing.add('timers', () => Promise.all(timers.map((timer) => timer.stop())));
  void sweepOrphans({ store, segments: segmentRows, sessions: sessionRows, log }).catch((error: unknown) =>
    log.warn({ problem: describeError(error) }, 'orphaned media are not swept'),
  );
  await realtime.start();

  log.info({ version: VERSION, tookMs: Date.now() - startedAt, http: httpUrl, rtmp: rtmpUrl }, 'server started');
  return { httpUrl, rtmpUrl, close: () => closing.run() };
}
