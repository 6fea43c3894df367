import process from 'node:process';
import { parseArgs } from 'node:util';
import { CodedError, describeError, type Retention } from '@media-analyzer/protocol';
import type { Variable } from './variable.js';
import { VARIABLES, type Values, type VariableName } from './variables.js';

const ROLES = ['all', 'api', 'ingest', 'worker'] as const;
/** Least severity that is logged. */
export type LogLevelSetting = Values['LOG_LEVEL'];
/** How log lines are written. */
export type LogFormat = Values['LOG_FORMAT'];

/** Everything that can be set from outside, validated. Durations are milliseconds, sizes bytes, folders absolute. */
export interface Config {
  readonly role: 'all';
  readonly http: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** Without trailing slash; null: made of host and port. */
    readonly publicUrl: string | null;
    /** Canonical origins, `https://example.com:8443`. */
    readonly allowedOrigins: readonly string[];
    /** `host` or `host:port`, lower case. */
    readonly allowedHosts: readonly string[];
  };
  readonly rtmp: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** Without application and trailing slash; null: made of host and port. */
    readonly publicUrl: string | null;
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
    readonly takeoverMs: number;
  };
  readonly sessions: { readonly reconnectWindowMs: number };
  readonly packaging: { readonly segmentTargetMs: number; readonly partTargetMs: number; readonly dvrWindowMs: number };
  readonly storage: {
    readonly dataDir: string;
    /** null: the embedded database in `dataDir`. */
    readonly databaseUrl: string | null;
    readonly diskReserveBytes: number;
    /** What a new stream gets. */
    readonly retention: Retention;
  };
  readonly models: {
    readonly dir: string;
    /** Absolute folder or http(s) address. */
    readonly mirror: string | null;
    readonly detection: string;
  };
  readonly analysis: {
    /** Analyses per second and stream. */
    readonly rate: number;
    readonly sampling: 'even' | 'early';
    readonly executionProvider: 'cpu' | 'cuda';
    readonly visionThreads: number;
    /** null: the model's own. */
    readonly scoreThreshold: number | null;
    readonly frameDeadlineMs: number;
  };
  readonly processes: { readonly mediaMemoryLimitBytes: number; readonly visionMemoryLimitBytes: number };
  readonly log: { readonly level: LogLevelSetting; readonly format: LogFormat };
}

/**
 * The configuration of this process, from its own environment: what a program's entry point calls.
 *
 * @throws CodedError as `loadConfig`
 */
export function readConfig(argv: readonly string[]): Config {
  return loadConfig(process.env, argv);
}

/**
 * Checks the whole configuration once. Unset and empty variables take their defaults; all problems are reported
 * in one error.
 *
 * @param argv Arguments after the program's name: `process.argv.slice(2)`.
 * @throws CodedError `config_invalid`, naming variable, value and rule.
 */
export function loadConfig(env: NodeJS.ProcessEnv, argv: readonly string[]): Config {
  const problems: string[] = [];
  checkRole(argv, problems);
  const values = readValues(env, problems);
  checkTogether(values, problems);
  if (problems.length > 0) throw new CodedError('config_invalid', { problem: problems.join('; ') });
  return deepFreeze(arrange(values));
}

function readValues(env: NodeJS.ProcessEnv, problems: string[]): Values {
  const values: Record<string, unknown> = {};
  const variables: Readonly<Record<string, Variable<unknown>>> = VARIABLES;
  for (const [name, variable] of Object.entries(variables)) {
    const given = env[name]?.trim() ?? '';
    const parsed = given === '' ? null : variable.schema.safeParse(given);
    values[name] = parsed?.success ? parsed.data : variable.fallback;
    if (parsed?.success === false) {
      const rule = parsed.error.issues[0]?.message ?? 'is not valid';
      problems.push(variable.secret ? `${name}: it ${rule}` : `${name} is "${given}": it ${rule}`);
    }
  }
  // The loop fills every key of VARIABLES with its own schema's output or its fallback: that is what `Values` says.
  return values as Values;
}

function checkRole(argv: readonly string[], problems: string[]): void {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { role: { type: 'string', default: 'all' } },
      allowPositionals: false,
    });
    if (values.role === 'all') return;
    const known = ROLES.some((role) => role === values.role);
    problems.push(
      known
        ? `--role is "${values.role}": this version runs every role in one process; use --role all`
        : `--role is "${values.role}": it must be one of ${ROLES.join(', ')}`,
    );
  } catch (error) {
    problems.push(`the command line cannot be read: ${describeError(error)}`);
  }
}

/** Rules that concern more than one variable. */
function checkTogether(values: Values, problems: string[]): void {
  if (values.PART_TARGET_MS > values.SEGMENT_TARGET_MS) {
    problems.push(
      `PART_TARGET_MS is "${values.PART_TARGET_MS}": it must be at most SEGMENT_TARGET_MS (${values.SEGMENT_TARGET_MS})`,
    );
  }
  if (values.PORT !== 0 && values.PORT === values.RTMP_PORT && (values.RTMP_HOST ?? values.HOST) === values.HOST) {
    problems.push(`RTMP_PORT is "${values.RTMP_PORT}": it must differ from PORT on the same host`);
  }
  if (values.RTMP_MAX_CONNECTIONS_PER_ADDRESS > values.RTMP_MAX_CONNECTIONS) {
    problems.push(
      `RTMP_MAX_CONNECTIONS_PER_ADDRESS is "${values.RTMP_MAX_CONNECTIONS_PER_ADDRESS}": it must be at most RTMP_MAX_CONNECTIONS (${values.RTMP_MAX_CONNECTIONS})`,
    );
  }
}

function arrange(values: Values): Config {
  return {
    role: 'all',
    http: {
      host: values.HOST,
      port: values.PORT,
      publicUrl: values.PUBLIC_URL,
      allowedOrigins: values.ALLOWED_ORIGINS,
      allowedHosts: values.ALLOWED_HOSTS,
    },
    rtmp: {
      host: values.RTMP_HOST ?? values.HOST,
      port: values.RTMP_PORT,
      publicUrl: values.RTMP_PUBLIC_URL,
      maxConnections: values.RTMP_MAX_CONNECTIONS,
      maxConnectionsPerAddress: values.RTMP_MAX_CONNECTIONS_PER_ADDRESS,
      takeoverMs: values.PUBLISHER_TAKEOVER_MS,
    },
    sessions: { reconnectWindowMs: values.RECONNECT_WINDOW_MS },
    packaging: {
      segmentTargetMs: values.SEGMENT_TARGET_MS,
      partTargetMs: values.PART_TARGET_MS,
      dvrWindowMs: values.DVR_WINDOW_MS,
    },
    storage: {
      dataDir: values.DATA_DIR,
      databaseUrl: values.DATABASE_URL,
      diskReserveBytes: values.DISK_RESERVE_BYTES,
      retention: { maxAgeMs: values.RETENTION_MAX_AGE_MS, maxBytes: values.RETENTION_MAX_BYTES },
    },
    models: { dir: values.MODELS_DIR, mirror: values.MODELS_MIRROR, detection: values.DETECTION_MODEL },
    analysis: {
      rate: values.ANALYSIS_RATE,
      sampling: values.ANALYSIS_SAMPLING,
      executionProvider: values.EXECUTION_PROVIDER,
      visionThreads: values.VISION_THREADS,
      scoreThreshold: values.SCORE_THRESHOLD,
      frameDeadlineMs: values.FRAME_DEADLINE_MS,
    },
    processes: {
      mediaMemoryLimitBytes: values.MEDIA_MEMORY_LIMIT_BYTES,
      visionMemoryLimitBytes: values.VISION_MEMORY_LIMIT_BYTES,
    },
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}

/** Names of all variables that `loadConfig` reads. */
export const VARIABLE_NAMES: readonly VariableName[] = Object.keys(VARIABLES) as VariableName[];
