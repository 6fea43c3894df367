import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { Metrics } from '../metrics.js';

/** Carries what the RTMP server counts to the metrics; call it regularly. */
export function createRtmpMetricsFeed(rtmp: RtmpServer, metrics: Metrics): () => void {
  let last = rtmp.stats();
  return () => {
    const now = rtmp.stats();
    metrics.rtmpConnections.set(now.connections);
    metrics.rtmpConnectionsTotal.inc(now.acceptedConnections - last.acceptedConnections);
    for (const [end, count] of Object.entries(now.ends)) {
      const more = count - (last.ends[end] ?? 0);
      if (more > 0) metrics.rtmpEnds.inc({ reason: end }, more);
    }
    last = now;
  };
}
