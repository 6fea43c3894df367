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
import { NoticeHistory } from '../notice-history.js';
import { NoticeBoard } from '../notices.js';
import { ProcessTable } from '../processes/index.js';
import { RefusalBoard } from '../refusals.js';
import { IdMaker, openDataDir } from '../storage/index.js';
import { StreamService } from '../streams/index.js';
import { Closing } from './closing.js';
import { openDemo } from './demo.js';
import { createFastifyLog } from './fastify-log.js';
import { hostForUrl, listAll, nullIfNotFound } from './helpers.js';
import { ModelChoice } from './model-choice.js';
import { openModels } from './models.js';
import { PATHS, VERSION } from './paths.js';
import { assertPortsFree, listenHttp } from './ports.js';
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

/**
 * @param starting breaks the start off; without effect once the server runs
 * @throws CodedError what keeps the server from starting, with what to do about it, or the reason of `starting`; what was opened is
 * closed again.
 */
export async function runAll(
  config: Config,
  log: Logger,
  starting: AbortSignal = new AbortController().signal,
): Promise<RunningServer> {
  const closing = new Closing(log);
  try {
    return await open(config, log, closing, starting);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function open(config: Config, log: Logger, closing: Closing, starting: AbortSignal): Promise<RunningServer> {
  const startedAt = Date.now();
  const metrics = createMetrics();
  const dataDir = await openDataDir({ path: config.storage.dataDir, log });
  closing.add('data folder', () => dataDir.close());
  await assertPortsFree(config);
  const storage = await openStorage(config, dataDir.path, log, closing, starting);
  const models = await openModels(config, log, {
    active: () => realtime.model,
    inferenceTimes: (model) => realtime.inferenceTimes(model),
  });
  const choice = await ModelChoice.open({
    settings: storage.settings,
    configured: config.models.detection,
    isKnown: models.isKnown,
    log,
  });

  // The hub tells browsers of everything, so the others speak to it; what it looks up exists when its first client comes.
  const ids = new IdMaker();
  const history = await NoticeHistory.open({ rows: storage.noticeRows, log, newId: () => ids.next() });
  closing.add('notice history', () => history.save());
  const notices = new NoticeBoard((all) => hub.publishNotices(all), history);
  const table = new ProcessTable();
  const refusals = new RefusalBoard({
    log,
    metric: metrics.rtmpRefusals,
    onChange: (all, streamIds) => {
      hub.publishRefusals(all);
      streams.refused(streamIds);
    },
  });
  closing.add('refusals', () => refusals.close());
  const hub: LiveHub = new LiveHub({
    lookups: {
      getStream: (streamId) => streams.get(streamId).catch(nullIfNotFound),
      listStreams: () => listAll((cursor) => streams.list({ limit: 1000, cursor })),
      notices: () => notices.all,
      refusals: () => refusals.all,
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
      model: choice.model,
      config,
      log,
      metrics,
      models,
      notices,
      history,
      table,
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
    pictures: storage.pictures,
    objects: storage.objects,
    analysis: analysisOfSessions(realtime),
    events: {
      changed: (stream) => hub.publishStream(stream),
      removed: (streamId) => {
        notices.clearStream(streamId);
        history.removeStream(streamId);
        refusals.clearStream(streamId);
        hub.publishRemoved(streamId);
      },
      health: (health) => hub.publishHealth(health),
      summaries: (summaries) => hub.publishSummaries(summaries),
      problem: (streamId, code, problem) =>
        problem ? notices.raise(problem, 'error', streamId) : notices.clear(code, streamId),
    },
    metrics,
    refusals,
    log,
    packaging: config.packaging,
    reconnectWindowMs: config.sessions.reconnectWindowMs,
    takeoverMs: config.rtmp.takeoverMs,
    retention: config.storage.retention,
    ingestServer: () => ingestServer,
  });
  closing.add('streams', () => {
    storage.hurry();
    return streams.close();
  });

  const rtmp = new RtmpServer({
    host: config.rtmp.host,
    port: config.rtmp.port,
    authorize: (request) => streams.admit(request),
    onRefused: ({ error, remoteAddress, encoder }) =>
      refusals.record({ error, address: remoteAddress, encoder, streamId: null }),
    log: (level, text, fields) => log[level](fields, text),
    limits: {
      maxConnections: config.rtmp.maxConnections,
      maxConnectionsPerAddress: config.rtmp.maxConnectionsPerAddress,
    },
  });
  // From here on publishers and browsers come.
  starting.throwIfAborted();
  const rtmpAddress = await rtmp.listen();
  closing.add('RTMP server', () => rtmp.close());
  const rtmpUrl = `rtmp://${hostForUrl(rtmpAddress.host)}:${rtmpAddress.port}`;
  ingestServer = `${config.rtmp.publicUrl ?? rtmpUrl}/live`;

  const demo = openDemo({ streams, rtmp: rtmpAddress, log, table });
  closing.add('demo', () => demo.stop());

  const useModel = (model: string | null): Promise<void> => {
    const before = realtime.model;
    return choice.change(model, {
      async use(wanted) {
        await realtime.use(wanted);
        notices.clear('model_switch_failed');
        for (const one of models.list()) if (one.active || one.name === before) hub.publishModel(one);
      },
      failed: (problem) => notices.raise(problem, 'warning'),
    });
  };
  const parts = {
    config,
    startedAt,
    storage,
    streams,
    models,
    useModel,
    table,
    history,
    realtime,
    demo,
    notices,
    refusals,
    rtmp,
    rtmpAddress,
  };
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

  startRegularWork({ storage, table, history, streams, realtime, rtmp, metrics, log }, closing);
  await realtime.start();
  // Who set a mirror up wants the model that it is for; otherwise nothing is fetched without being asked for.
  if (config.models.mirror && realtime.problem?.code === 'model_missing') models.fetch(realtime.model);
  log.info({ version: VERSION, tookMs: Date.now() - startedAt, http: httpUrl, rtmp: rtmpUrl }, 'server started');
  return { httpUrl, rtmpUrl, close: () => closing.run() };
}
