import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { Metrics } from '../metrics.js';

/** Ends of connections that are no refusal. */
const ORDINARY_ENDS = new Set(['unpublished', 'disconnected', 'closed', 'server_stopped']);

/** Carries what the RTMP server counts to the metrics; call it regularly. */
export function createRtmpMetricsFeed(rtmp: RtmpServer, metrics: Metrics): () => void {
  let last = rtmp.stats();
  return () => {
    const now = rtmp.stats();
    metrics.rtmpConnections.set(now.connections);
    metrics.rtmpConnectionsTotal.inc(now.acceptedConnections - last.acceptedConnections);
    const refused = now.refusedConnections - last.refusedConnections;
    if (refused > 0) metrics.rtmpRefusals.inc({ code: 'too_many_connections' }, refused);
    for (const [end, count] of Object.entries(now.ends)) {
      const more = count - (last.ends[end] ?? 0);
      if (more > 0 && !ORDINARY_ENDS.has(end)) metrics.rtmpRefusals.inc({ code: end }, more);
    }
    last = now;
  };
}
