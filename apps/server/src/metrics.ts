import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { eventLoopMetrics } from './event-loop-metrics.js';

/** Seconds. Dense around the reach of the live path: p50 120 ms, p95 200 ms. */
const CAPTURE_TO_RESULT_BUCKETS = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 15];
/** Seconds. From a small model on a fast core to a large one on an old core. */
const INFERENCE_BUCKETS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 3];
/** Seconds. Multiples of a frame at 60, 30 and 25 per second. */
const ALIGNMENT_BUCKETS = [0.001, 0.004, 0.008, 0.0167, 0.0334, 0.04, 0.0667, 0.1, 0.2, 0.5, 1, 5];
/** Seconds. Blocking playlist requests take up to a part's length and are meant to. */
const HTTP_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** prom-client's own watch over the event loop cannot be left out, only made so slow that it costs nothing, ms. */
const NEVER_MS = 2 ** 31 - 1;

/** The metrics of this process. */
export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The metrics of this process, in a registry of their own so that two servers in one process (tests) do not meet.
 * Names are `media_analyzer_*` in Prometheus' base units: seconds and bytes. Labels have few values: never a stream's id or name.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'media_analyzer_', eventLoopMonitoringPrecision: NEVER_MS });
  // They have the length of their own timer in them. Ours have not.
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('media_analyzer_nodejs_eventloop_lag')) registry.removeSingleMetric(name);
  eventLoopMetrics(registers);

  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `media_analyzer_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `media_analyzer_${name}`, help, labelNames, registers });

  return {
    registry,

    rtmpConnections: gauge('rtmp_connections', 'RTMP connections that are open'),
    rtmpConnectionsTotal: counter('rtmp_connections_total', 'RTMP connections accepted since the start'),
    rtmpRefusals: counter(
      'rtmp_refusals_total',
      'Publishers turned away or cut off for what they sent, by error code',
      ['code'],
    ),
    rtmpEnds: counter('rtmp_ends_total', 'RTMP connections ended, by error code or kind of end', ['reason']),

    sessionsLive: gauge('sessions_live', 'Sessions on air, those waiting for their publisher to return included'),
    sessionsStarted: counter('sessions_started_total', 'Sessions started'),
    sessionsEnded: counter('sessions_ended_total', 'Sessions ended, by reason', ['reason']),
    segments: counter('segments_total', 'Media segments packaged'),
    segmentBytes: counter('segment_bytes_total', 'Bytes of the media segments packaged'),
    parts: counter('parts_total', 'Partial segments packaged'),
    playlistRequests: counter(
      'playlist_requests_total',
      'Playlist requests, by kind (multivariant, media, blocking) and HTTP status',
      ['kind', 'status'],
    ),

    captureToResult: new Histogram({
      name: 'media_analyzer_capture_to_result_seconds',
      help: 'From the last byte of a frame in to its analysis ready, seconds',
      buckets: CAPTURE_TO_RESULT_BUCKETS,
      registers,
    }),
    inference: new Histogram({
      name: 'media_analyzer_inference_seconds',
      help: 'One inference, by model, seconds',
      labelNames: ['model'],
      buckets: INFERENCE_BUCKETS,
      registers,
    }),
    framesReceived: counter('frames_received_total', 'Video frames received from publishers'),
    framesSampled: counter('frames_sampled_total', 'Frames picked for analysis'),
    framesAnalysed: counter('frames_analysed_total', 'Frames analysed'),
    framesDropped: counter('frames_dropped_total', 'Sampled frames that were not analysed, by reason', ['reason']),
    overlayAlignment: new Histogram({
      name: 'media_analyzer_overlay_alignment_error_seconds',
      help: 'Shown picture against drawn analysis as players measured it, seconds',
      buckets: ALIGNMENT_BUCKETS,
      registers,
    }),

    websocketClients: gauge('websocket_clients', 'WebSocket clients connected'),
    websocketMissed: counter('websocket_missed_total', 'Analyses that slow WebSocket clients did not get'),

    processRestarts: counter('process_restarts_total', 'Restarts of child processes, by process and error code', [
      'process',
      'code',
    ]),

    childCpu: counter('child_cpu_seconds_total', 'CPU time that child processes used, by process, seconds', [
      'process',
    ]),
    childMemory: gauge('child_resident_bytes', 'Resident memory of the child processes that run, by process', [
      'process',
    ]),

    databaseQueue: gauge('database_queue_rows', 'Rows that wait to be written to the database'),
    databaseDropped: counter('database_dropped_total', 'Rows that were not written to the database, by table', [
      'table',
    ]),
    storageBytes: gauge('storage_bytes', 'Bytes of stored media'),

    httpRequestSeconds: new Histogram({
      name: 'media_analyzer_http_request_seconds',
      help: 'HTTP requests from their first byte to the end of the answer, by method, route and status, seconds',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS,
      registers,
    }),
  };
}
