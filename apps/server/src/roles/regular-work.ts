import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { RealtimeStrategy } from '../analysis/index.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { RetentionJob, sweepOrphans } from '../storage/index.js';
import type { StreamService } from '../streams/index.js';
import type { Closing } from './closing.js';
import { createDatabaseMetricsFeed } from './database-metrics.js';
import { createRtmpMetricsFeed } from './rtmp-metrics.js';
import type { Storage } from './storage.js';
import { every } from './timers.js';

const HEALTH_EVERY_MS = 1000;
const RETENTION_EVERY_MS = 60_000;
const MAINTENANCE_EVERY_MS = 60 * 60_000;

/** What is looked after. */
export interface RegularWorkParts {
  readonly storage: Storage;
  readonly streams: StreamService;
  readonly realtime: RealtimeStrategy;
  readonly rtmp: RtmpServer;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Starts what is done by the clock: health and metrics, retention, maintenance. */
export function startRegularWork(parts: RegularWorkParts, closing: Closing): void {
  const { storage, streams, realtime, rtmp, metrics, log } = parts;
  const { database, store, segments, sessions, analyses, writer } = storage;
  const retention = new RetentionJob({
    store,
    streams: storage.streams,
    segments,
    sessions,
    analyses,
    log,
    onRemoved: (streamId, removed) => streams.mediaRemoved(streamId, removed),
  });
  const feedRtmpMetrics = createRtmpMetricsFeed(rtmp, metrics);
  const feedDatabaseMetrics = createDatabaseMetricsFeed(writer, metrics);
  const timers = [
    every(HEALTH_EVERY_MS, log, 'health', async () => {
      streams.tick();
      realtime.report();
      feedRtmpMetrics();
      feedDatabaseMetrics();
    }),
    every(RETENTION_EVERY_MS, log, 'retention', async () => {
      await retention.run();
      metrics.storageBytes.set(await segments.totalBytes());
    }),
    every(
      MAINTENANCE_EVERY_MS,
      log,
      'maintenance',
      async () => {
        await sweepOrphans({ store, segments, sessions, log });
        await database.maintain();
      },
      { now: true },
    ),
  ];
  closing.add('timers', () => Promise.all(timers.map((timer) => timer.stop())));
}
