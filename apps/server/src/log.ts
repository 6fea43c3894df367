import pino from 'pino';

/** Values that go with a log line: ids, counts, durations in ms, sizes in bytes. Never stream keys, tokens or spoken text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What every part of the server logs through. Pino has this shape. */
export interface Logger {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `pretty`: a line for people; `json`: one object a line with `severity` and `time`, as Cloud Logging reads it. */
  readonly format: 'pretty' | 'json';
  /** Where lines go; standard output when left out. */
  readonly write?: (line: string) => void;
  readonly colour?: boolean;
}

const REDACTED = '[redacted]';
/** Names of fields that carry secrets, wherever they stand in the fields. A second fence: nobody should log them at all. */
const SECRET_FIELD = /^(stream_?key|key|token|secret|password|authorization|cookie|database_?url|ingest_?url)$/i;
/** A stream key in an RTMP address, and a password in any address. */
const RTMP_KEY = /(rtmps?:\/\/[^\s/]+\/[^\s/?]+\/)[^\s"'?]+/gi;
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi;
const MAX_DEPTH = 6;

/** Opens the log of this process. */
export function createLogger(options: LogOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const colour = options.colour ?? (options.write === undefined && process.stdout.isTTY === true);
  const destination = options.format === 'json' ? { write } : { write: (line: string) => write(pretty(line, colour)) };
  const root = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }) },
    },
    destination,
  );
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, text: string) => {
    if (root.isLevelEnabled(level)) root[level](redactFields(fields), redactText(text));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log whose every line carries `fields` too: the ids of one session, stream or connection. */
export function withFields(log: Logger, fields: LogFields): Logger {
  return {
    debug: (more, text) => log.debug({ ...fields, ...more }, text),
    info: (more, text) => log.info({ ...fields, ...more }, text),
    warn: (more, text) => log.warn({ ...fields, ...more }, text),
    error: (more, text) => log.error({ ...fields, ...more }, text),
  };
}

/** A log that goes nowhere, for tests and tools. */
export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
const SEVERITY: Readonly<Record<string, string>> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' };
const COLOURS: Readonly<Record<string, string>> = {
  DEBUG: '\x1b[90m',
  INFO: '\x1b[32m',
  WARNING: '\x1b[33m',
  ERROR: '\x1b[31m',
};

function pretty(line: string, colour: boolean): string {
  const { severity, time, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const level = String(severity);
  const clock = String(time).slice(11, 23);
  const paint = (code: string, text: string) => (colour ? `${code}${text}\x1b[0m` : text);
  const extra = Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join(' ');
  const shortLevel = level === 'WARNING' ? 'WARN' : level;
  return `${paint('\x1b[90m', clock)} ${paint(COLOURS[level] ?? '', shortLevel.padEnd(5))} ${String(message)}${extra ? paint('\x1b[90m', `  ${extra}`) : ''}\n`;
}

function redactFields(fields: LogFields): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET_FIELD.test(name) && value != null ? REDACTED : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactObject(value, depth);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    name,
    message: redactText(message),
    ...(code !== undefined && { code: redactValue(code, depth + 1) }),
    ...(stack !== undefined && { stack: redactText(stack) }),
    ...(cause !== undefined && { cause: redactValue(cause, depth + 1) }),
  };
}

function redactText(text: string): string {
  return text.replace(RTMP_KEY, `$1${REDACTED}`).replace(URL_PASSWORD, `$1${REDACTED}@`);
}
