import type { Metrics } from '../metrics.js';
import type { AnalysisWriter } from '../storage/index.js';

/** Carries what the writer of analyses counts to the metrics; call it regularly. */
export function createDatabaseMetricsFeed(writer: Pick<AnalysisWriter, 'counts'>, metrics: Metrics): () => void {
  let reported = 0;
  return () => {
    const { waiting, dropped } = writer.counts();
    const lost = dropped.overflow + dropped.orphaned + dropped.refused + dropped.closed;
    metrics.databaseQueue.set(waiting);
    metrics.databaseDropped.inc({ table: 'analyses' }, lost - reported);
    reported = lost;
  };
}
