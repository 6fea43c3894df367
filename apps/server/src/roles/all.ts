/**
 * Role `all`: the whole product in one process and its children. The one place where its parts meet: opened in the order
 * in which they rest on each other, closed in reverse.
 */
import { RtmpServer } from '@media-analyzer/media/rtmp';
import type { RealtimeStrategy } from '../analysis/index.js';
import type { Config } from '../config/index.js';
import { buildHttpServer } from '../http/server.js';
import { LiveHub } from '../live/hub.js';
import type { Logger } from '../log.js';
import { createMetrics } from '../metrics.js';
import { NoticeBoard } from '../notices.js';
import { StreamService } from '../streams/index.js';
import { Closing } from './closing.js';
import { openDemo } from './demo.js';
import { createFastifyLog } from './fastify-log.js';
import { hostForUrl, listAll, listenHttp, nullIfNotFound } from './helpers.js';
import { openModels } from './models.js';
import { PATHS, VERSION } from './paths.js';
import { analysisOfSessions, openRealtime } from './realtime.js';
import { startRegularWork } from './regular-work.js';
import { httpServices } from './services.js';
import { openStorage } from './storage.js';

/** A server that runs. */
export interface RunningServer {
  readonly httpUrl: string;
  readonly rtmpUrl: string;
  /** Stops taking work, ends what is on air, writes what waits, and ends the children. Safe to call again. */
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
  const storage = await openStorage(config, log, closing);
  const models = await openModels(config, log);

  // The hub tells browsers of everything, so the others speak to it; what it looks up exists when its first client comes.
  const notices = new NoticeBoard((all) => hub.publishNotices(all));
  const hub: LiveHub = new LiveHub({
    lookups: {
      getStream: (streamId) => streams.get(streamId).catch(nullIfNotFound),
      listStreams: () => listAll((cursor) => streams.list({ limit: 1000, cursor })),
      notices: () => notices.all,
      models: () => models.list(),
      reportAlignment: (streamId, errorsMs) => realtime.aligned(streamId, errorsMs),
    },
    metrics,
    log,
    version: VERSION,
  });
  closing.add('live hub', () => hub.close());
  closing.add(
    'model watch',
    models.watch((model) => hub.publishModel(model)),
  );

  const realtime: RealtimeStrategy = await openRealtime(
    {
      config,
      log,
      metrics,
      models,
      notices,
      onAnalysis: (analysis) => {
        hub.publishAnalysis(analysis);
        storage.writer.append(analysis);
      },
    },
    closing,
  );
  let ingestServer = '';
  const streams: StreamService = new StreamService({
    streams: storage.streams,
    sessions: storage.sessions,
    segments: storage.segments,
    objects: storage.objects,
    analysis: analysisOfSessions(realtime),
    events: {
      changed: (stream) => hub.publishStream(stream),
      removed: (streamId) => {
        notices.clearStream(streamId);
        hub.publishRemoved(streamId);
      },
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

  const demo = openDemo({ streams, rtmp: rtmpAddress, log });
  closing.add('demo', () => demo.stop());

  const parts = { config, startedAt, storage, streams, models, realtime, demo, notices, rtmp, rtmpAddress };
  const http = await buildHttpServer({
    host: config.http.host,
    allowedOrigins: config.http.allowedOrigins,
    allowedHosts: config.http.allowedHosts,
    dashboardDir: PATHS.dashboard,
    version: VERSION,
    live: hub,
    metrics,
    logger: createFastifyLog(log),
    services: httpServices(parts),
  });
  closing.add('HTTP server', () => http.close());
  const httpUrl = await listenHttp(http, config);

  startRegularWork({ storage, streams, realtime, rtmp, metrics, log }, closing);
  await realtime.start();
  log.info({ version: VERSION, tookMs: Date.now() - startedAt, http: httpUrl, rtmp: rtmpUrl }, 'server started');
  return { httpUrl, rtmpUrl, close: () => closing.run() };
}
