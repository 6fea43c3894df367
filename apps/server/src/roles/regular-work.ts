import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { RealtimeStrategy } from '../analysis/index.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { NoticeHistory } from '../notice-history.js';
import type { ProcessTable } from '../processes/index.js';
import { RetentionJob, sweepOrphans } from '../storage/index.js';
import type { StreamService } from '../streams/index.js';
import type { Closing } from './closing.js';
import { createDatabaseMetricsFeed } from './database-metrics.js';
import { createProcessMetricsFeed } from './process-metrics.js';
import { createRtmpMetricsFeed } from './rtmp-metrics.js';
import type { Storage } from './storage.js';
import { every } from './timers.js';

const HEALTH_EVERY_MS = 1000;
const RETENTION_EVERY_MS = 60_000;
const MAINTENANCE_EVERY_MS = 60 * 60_000;

/** What is looked after. */
export interface RegularWorkParts {
  readonly storage: Storage;
  readonly table: ProcessTable;
  readonly history: NoticeHistory;
  readonly streams: StreamService;
  readonly realtime: RealtimeStrategy;
  readonly rtmp: RtmpServer;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Starts what is done by the clock: health and metrics, retention, maintenance. */
export function startRegularWork(parts: RegularWorkParts, closing: Closing): void {
  const { storage, table, history, streams, realtime, rtmp, metrics, log } = parts;
  const { database, store, segments, sessions, analyses, pictures, seen, writer } = storage;
  const retention = new RetentionJob({
    store,
    streams: storage.streams,
    segments,
    sessions,
    analyses,
    pictures,
    seen,
    log,
    onRemoved: (streamId, removed) => streams.mediaRemoved(streamId, removed),
  });
  const feedRtmpMetrics = createRtmpMetricsFeed(rtmp, metrics);
  const feedProcessMetrics = createProcessMetricsFeed(table, metrics);
  const feedDatabaseMetrics = createDatabaseMetricsFeed(writer, metrics);
  const measureStorage = async () => metrics.storageBytes.set(await segments.totalBytes());
  const timers = [
    every(HEALTH_EVERY_MS, log, 'health', async () => {
      streams.tick();
      realtime.report();
      feedRtmpMetrics();
      feedDatabaseMetrics();
      feedProcessMetrics();
      await history.save();
    }),
    every(RETENTION_EVERY_MS, log, 'retention', async () => {
      await retention.run();
      await measureStorage();
    }),
    every(
      MAINTENANCE_EVERY_MS,
      log,
      'maintenance',
      async () => {
        // At the start, too: until the first round of retention the figure would be 0.
        await measureStorage();
        await sweepOrphans({ store, segments, sessions, log });
        await history.forget();
        await database.maintain();
      },
      { now: true },
    ),
  ];
  closing.add('timers', () => Promise.all(timers.map((timer) => timer.stop())));
}
