import { availableParallelism } from 'node:os';
import {
  choice,
  decimal,
  folder,
  folderOrUrl,
  integer,
  integerOrNone,
  list,
  normaliseHost,
  normaliseOrigin,
  optionalDecimal,
  optionalText,
  text,
  unsupported,
  url,
  type Variable,
} from './variable.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_MS = 365 * DAY_MS;

const HOST_PATTERN = /^[A-Za-z0-9.:_-]+$/;
const HOST_RULE = 'must be an address or a host name without port';

/** Groups of variables, in the order in which the documentation lists them. Defaults stand beside unit and reason. */
export const GROUPS = {
  Network: {
    HOST: text({
      fallback: '127.0.0.1',
      pattern: HOST_PATTERN,
      rule: HOST_RULE,
      unit: 'address',
      reason:
        'Where HTTP listens. The loopback address, because there is no sign-in: nobody else gets in unless you open it.',
    }),
    PORT: integer({
      fallback: 8080,
      min: 0,
      max: 65_535,
      unit: 'port',
      reason: 'HTTP, WebSocket and the dashboard; 0 takes a free one and prints it.',
    }),
    RTMP_HOST: optionalText({
      pattern: HOST_PATTERN,
      rule: HOST_RULE,
      shownDefault: 'the value of HOST',
      unit: 'address',
      reason: 'Where RTMP listens, when encoders come in over another network than browsers.',
    }),
    RTMP_PORT: integer({
      fallback: 1935,
      min: 0,
      max: 65_535,
      unit: 'port',
      reason: 'RTMP ingest; 1935 is what every encoder assumes. 0 takes a free one and prints it.',
    }),
    PUBLIC_URL: url({
      protocols: ['http:', 'https:'],
      path: false,
      shownDefault: '(none)',
      unit: 'address',
      reason: 'How browsers reach this server from outside, when that is not HOST and PORT (a proxy, a container).',
    }),
    RTMP_PUBLIC_URL: url({
      protocols: ['rtmp:', 'rtmps:'],
      path: false,
      shownDefault: '(none)',
      unit: 'address',
      reason: 'How encoders reach this server from outside, without the application: rtmp://ingest.example.com:1935.',
    }),
    ALLOWED_ORIGINS: list({
      entry: normaliseOrigin,
      rule: 'must list origins like https://example.com:8443',
      unit: 'origins, comma-separated',
      reason:
        'Web pages on other origins that may use REST and WebSocket. None: a page elsewhere cannot drive a local server.',
    }),
    ALLOWED_HOSTS: list({
      entry: normaliseHost,
      rule: 'must list hosts like example.com or example.com:8443',
      unit: 'hosts, comma-separated',
      reason: 'Host headers accepted besides the own address, for names that proxies or DNS give this server.',
    }),
  },
  Storage: {
    DATA_DIR: folder({
      fallback: './data',
      unit: 'folder',
      reason: 'Database and media of this server. One server at a time uses it.',
    }),
    DATABASE_URL: url({
      protocols: ['postgres:', 'postgresql:'],
      path: true,
      secret: true,
      shownDefault: '(embedded database)',
      unit: 'address',
      reason: 'PostgreSQL 15 or newer in place of the embedded database in DATA_DIR/db.',
    }),
    DISK_RESERVE_BYTES: integer({
      fallback: 256 * MIB,
      min: 0,
      max: 1024 * GIB,
      unit: 'bytes',
      reason:
        'Media are no longer stored when less than this is free, so that the database beside them never meets a full disk.',
    }),
    RETENTION_MAX_AGE_MS: integerOrNone({
      fallback: 7 * DAY_MS,
      min: MINUTE_MS,
      max: 100 * YEAR_MS,
      unit: 'ms or none',
      reason:
        'Retention of new streams: media and analyses older than this are deleted. A week lets a person look back at last week’s show.',
    }),
    RETENTION_MAX_BYTES: integerOrNone({
      fallback: 20_000_000_000,
      min: 1_000_000,
      max: Number.MAX_SAFE_INTEGER,
      unit: 'bytes or none',
      reason: 'Retention of new streams: the oldest media go when a stream holds more. About 9 hours at 5 Mbit/s.',
    }),
  },
  Ingest: {
    RECONNECT_WINDOW_MS: integer({
      fallback: 30_000,
      min: 0,
      max: 10 * MINUTE_MS,
      unit: 'ms',
      reason:
        'A publisher that returns within it continues its session. OBS tries again after 2 to 20 s, so 30 s covers several tries.',
    }),
    PUBLISHER_TAKEOVER_MS: integer({
      fallback: 5000,
      min: 500,
      max: 10 * MINUTE_MS,
      unit: 'ms',
      reason:
        'A second publisher takes over when the first has sent nothing for this long (a half-open socket). Encoders send many times a second.',
    }),
    RTMP_MAX_CONNECTIONS: integer({
      fallback: 128,
      min: 1,
      max: 65_535,
      unit: 'connections',
      reason: 'RTMP connections at a time; bounds what hostile input can hold.',
    }),
    RTMP_MAX_CONNECTIONS_PER_ADDRESS: integer({
      fallback: 16,
      min: 1,
      max: 65_535,
      unit: 'connections',
      reason:
        'RTMP connections from one address, so that one peer cannot take all. Several encoders behind one router fit.',
    }),
  },
  Playback: {
    SEGMENT_TARGET_MS: integer({
      fallback: 2000,
      min: 500,
      max: 20_000,
      unit: 'ms',
      reason:
        'Segments are cut at the first keyframe after this. 2 s matches the keyframe interval that encoders are told to use.',
    }),
    PART_TARGET_MS: integer({
      fallback: 250,
      min: 100,
      max: 2000,
      unit: 'ms',
      reason:
        'Length of low-latency parts. A player holds back three: below 200 ms request overhead grows, above 500 ms latency does.',
    }),
    DVR_WINDOW_MS: integer({
      fallback: 300_000,
      min: 30_000,
      max: DAY_MS,
      unit: 'ms',
      reason:
        'How far back the live playlist reaches. It is fetched with every part, so five minutes keep it near 20 KB.',
    }),
  },
  Analysis: {
    DETECTION_MODEL: text({
      fallback: 'yolox-nano',
      pattern: /^[a-z0-9][a-z0-9.-]*$/,
      rule: 'must be the name of a model in models/manifest.json',
      unit: 'name',
      reason: 'Object detector. The default is bundled and runs on two CPU cores; larger ones see more.',
    }),
    MODELS_DIR: folder({ fallback: './models/cache', unit: 'folder', reason: 'Where fetched weights are kept.' }),
    MODELS_MIRROR: folderOrUrl({
      unit: 'folder or address',
      reason: 'Tried first when weights are fetched, for machines without internet.',
    }),
    EXECUTION_PROVIDER: choice({
      values: ['cpu', 'cuda'],
      fallback: 'cpu',
      unit: 'cpu or cuda',
      reason: 'Device that runs the models. The CPU is there on every machine; CUDA is never assumed.',
    }),
    ANALYSIS_RATE: decimal({
      fallback: 10,
      min: 0,
      max: 60,
      unit: 'analyses/s per stream',
      reason:
        'Frames picked for analysis. At 10/s boxes follow people at walking pace, and two cores carry a 1080p30 stream. 0 switches analysis off.',
    }),
    ANALYSIS_SAMPLING: choice({
      values: ['even', 'early'],
      fallback: 'even',
      unit: 'even or early',
      reason:
        'Which frames are picked. even: at even distances, so that a shown frame is never far from an analysed one. early: of those near each instant the one that comes out of the decoder first, for the shortest latency with B-frames.',
    }),
    VISION_THREADS: integer({
      fallback: Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2))),
      min: 1,
      max: 64,
      shownDefault: 'half of the cores, 1..4',
      unit: 'threads',
      reason:
        'Threads of one inference. Half of the cores leaves the rest for decode and packaging; small models gain little above four.',
    }),
    SCORE_THRESHOLD: optionalDecimal({
      min: 0,
      max: 1,
      shownDefault: 'the model’s own',
      unit: 'score 0..1',
      reason: 'Detections below it are not reported. The manifest has a value fitted to each model.',
    }),
    FRAME_DEADLINE_MS: integer({
      fallback: 200,
      min: 20,
      max: 10_000,
      unit: 'ms',
      reason: 'A frame that waited longer is dropped and counted: its result would come too late for the live overlay.',
    }),
  },
  Processes: {
    MEDIA_MEMORY_LIMIT_BYTES: integer({
      fallback: 1 * GIB,
      min: 128 * MIB,
      max: 1024 * GIB,
      unit: 'bytes resident',
      reason: 'A media process above it is restarted. Decoding 4K takes about half of it.',
    }),
    VISION_MEMORY_LIMIT_BYTES: integer({
      fallback: 2 * GIB,
      min: 128 * MIB,
      max: 1024 * GIB,
      unit: 'bytes resident',
      reason: 'The vision process above it is restarted. The bundled model needs about a tenth; larger ones fit.',
    }),
  },
  Logging: {
    LOG_LEVEL: choice({
      values: ['debug', 'info', 'warn', 'error', 'silent'],
      fallback: 'info',
      unit: 'level',
      reason: 'Lowest level written. At info a session costs a handful of lines.',
    }),
    LOG_FORMAT: choice({
      values: ['pretty', 'json'],
      fallback: 'pretty',
      unit: 'pretty or json',
      reason: 'Lines for people, or one JSON object a line for log collectors.',
    }),
  },
  'Later versions': {
    REDIS_URL: unsupported({
      unit: 'address',
      reason: 'Queue and event bus on Redis: refused by this version instead of being ignored.',
    }),
    GCS_BUCKET: unsupported({
      unit: 'bucket',
      reason: 'Media in Google Cloud Storage: refused by this version instead of being ignored.',
    }),
  },
} as const satisfies Record<string, Record<string, Variable<unknown>>>;

/** All variables by name. */
export const VARIABLES = {
  ...GROUPS.Network,
  ...GROUPS.Storage,
  ...GROUPS.Ingest,
  ...GROUPS.Playback,
  ...GROUPS.Analysis,
  ...GROUPS.Processes,
  ...GROUPS.Logging,
  ...GROUPS['Later versions'],
} as const;

export type VariableName = keyof typeof VARIABLES;
type ValueOf<V> = V extends Variable<infer T> ? T : never;
/** The typed value of every variable. */
export type Values = { readonly [Name in VariableName]: ValueOf<(typeof VARIABLES)[Name]> };
