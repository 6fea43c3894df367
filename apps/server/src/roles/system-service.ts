import process from 'node:process';
import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { ProcessStatus, StreamLoad, SystemStatus } from '@media-analyzer/protocol';
import type { RealtimeStrategy } from '../analysis/index.js';
import type { Config } from '../config/index.js';
import type { SystemService } from '../http/services.js';
import type { NoticeHistory } from '../notice-history.js';
import type { NoticeBoard } from '../notices.js';
import type { ProcessTable } from '../processes/index.js';
import type { RefusalBoard } from '../refusals.js';
import type { StreamService } from '../streams/index.js';
import type { Demo } from '../system/index.js';
import { asProblem, listAll } from './helpers.js';
import type { Models } from './models.js';
import { VERSION } from './paths.js';
import type { Storage } from './storage.js';

/** Streams whose load is told. */
const MAX_LOADS = 200;

/** What there is to know about the server as a whole. */
export interface SystemParts {
  readonly config: Config;
  /** Unix ms. */
  readonly startedAt: number;
  readonly storage: Storage;
  readonly streams: StreamService;
  readonly models: Models;
  /** Changes the model in use; null for the configured one. */
  readonly useModel: (model: string | null) => Promise<void>;
  readonly table: ProcessTable;
  readonly history: NoticeHistory;
  readonly realtime: RealtimeStrategy;
  readonly demo: Demo;
  readonly notices: NoticeBoard;
  readonly refusals: RefusalBoard;
  readonly rtmp: RtmpServer;
  /** The RTMP port as it was bound. */
  readonly rtmpAddress: { readonly host: string; readonly port: number };
}

/** The server as `/api/system` and `/readyz` tell of it. */
export function systemService(parts: SystemParts): SystemService {
  const {
    config,
    startedAt,
    storage,
    streams,
    table,
    history,
    useModel,
    realtime,
    demo,
    notices,
    refusals,
    rtmp,
    rtmpAddress,
  } = parts;
  const { database, store, segments } = storage;
  const server = (): ProcessStatus => {
    return {
      ...{ name: 'server', streamId: null, pid: process.pid, state: 'running', cpu: table.own.cores },
      ...{ memoryBytes: process.memoryUsage.rss(), restarts: 0, startedAt, lastProblem: null },
    };
  };
  const processes = (): ProcessStatus[] => [
    server(),
    ...table.list().map(({ sessionId, ...child }) => ({
      ...child,
      streamId: sessionId && streams.streamOfSession(sessionId),
    })),
  ];
  const loads = async (): Promise<StreamLoad[]> => {
    const [all, bytes] = await Promise.all([
      listAll((cursor) => streams.list({ limit: 1000, cursor })),
      segments.bytesOfStreams(),
    ]);
    return streams.loads(all, bytes, MAX_LOADS);
  };
  const status = async (): Promise<SystemStatus> => ({
    version: VERSION,
    role: config.role,
    startedAt,
    node: process.version,
    database: database.kind,
    rtmp: { ...rtmpAddress, connections: rtmp.stats().connections },
    model: realtime.model,
    visionProcess: realtime.visionState,
    executionProvider: config.analysis.executionProvider,
    disk: { usedBytes: await segments.totalBytes(), freeBytes: await store.freeBytes() },
    processes: processes(),
    inference: realtime.inferenceTimes(realtime.model),
    streams: await loads(),
    notices: notices.all,
    refusals: refusals.all,
    demo: demo.status,
  });
  return {
    status,
    async update({ detectionModel }) {
      if (detectionModel !== undefined) await useModel(detectionModel);
      return status();
    },
    async ready() {
      const problem = await database.ping().then(() => null, asProblem);
      return { ready: problem === null, problems: problem ? [problem] : [] };
    },
    notices: async () => history.all,
    startDemo: () => demo.start(),
    stopDemo: () => demo.stop(),
  };
}
