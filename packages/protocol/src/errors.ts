/**
 * The one registry of errors: code, HTTP status, message template. `{name}` in a template is filled from the error's
 * details. A message says the rule and the value that broke it; clients branch on the code only.
 */
export const ERRORS = {
  // Requests
  validation_failed: { status: 400, message: 'The request is not valid: {problem}' },
  cursor_invalid: { status: 400, message: 'The cursor "{cursor}" was not given out by this server' },
  origin_refused: {
    status: 403,
    message: 'Requests from origin "{origin}" are refused; name it in ALLOWED_ORIGINS to allow it',
  },
  host_refused: {
    status: 403,
    message: 'Requests for host "{host}" are refused; name it in ALLOWED_HOSTS to allow it',
  },
  route_not_found: { status: 404, message: 'There is nothing at {method} {path}' },
  stream_not_found: { status: 404, message: 'No stream has the id "{streamId}"' },
  session_not_found: { status: 404, message: 'Stream "{streamId}" has no session "{sessionId}"' },
  playback_not_found: { status: 404, message: 'Nothing can be played at "{path}"' },
  playback_not_ready: {
    status: 404,
    message:
      'Nothing can be played at "{path}" yet: the first segment ends with a keyframe of the encoder. Try again in {retryAfterSeconds} s',
  },
  thumbnail_not_found: { status: 404, message: 'Stream "{streamId}" has no picture yet' },
  stream_live: { status: 409, message: 'Stream "{streamId}" is on air; stop the publisher first' },
  session_live: {
    status: 409,
    message: 'Session "{sessionId}" is on air; it can be deleted when it has ended',
  },
  download_empty: { status: 404, message: 'Session "{sessionId}" has no media in the part and range asked for' },
  download_in_parts: {
    status: 409,
    message:
      'Size, codec or tracks changed within session "{sessionId}": it is {parts} files; ask for part=1 to {parts}',
  },
  picture_not_found: { status: 404, message: 'Session "{sessionId}" has no picture at or before {atMs} ms' },
  mode_unavailable: { status: 409, message: 'Mode "{mode}" is not available on this server; available: {available}' },
  payload_too_large: { status: 413, message: 'The request body is larger than {limitBytes} bytes' },
  content_type_unsupported: {
    status: 415,
    message: 'The request body is "{contentType}"; only application/json is read',
  },
  range_not_satisfiable: {
    status: 416,
    message: 'The range "{range}" lies outside of the file, which has {sizeBytes} bytes',
  },
  server_stopping: { status: 503, message: 'The server is stopping' },
  playlist_request_invalid: { status: 400, message: 'The playlist request is not valid: {problem}' },
  playlist_too_far_ahead: {
    status: 400,
    message: 'Segment {msn} lies more than two segments ahead of the live edge {edge}',
  },
  playlist_timeout: { status: 503, message: 'No new part was published within {waitMs} ms' },
  too_many_requests: { status: 429, message: 'More than {limit} {what} at a time are not served' },
  internal: { status: 500, message: 'The server failed to answer; its log has the cause under request {requestId}' },

  // WebSocket
  message_invalid: { status: 400, message: 'The message is not valid: {problem}' },
  message_too_large: { status: 413, message: 'The message is larger than {limitBytes} bytes' },

  // Publishing
  stream_key_unknown: { status: 403, message: 'The stream key is not known to this server' },
  stream_key_busy: { status: 409, message: 'The stream already has a publisher that is sending' },
  rtmp_app_unknown: { status: 404, message: 'The RTMP application is "{app}"; publish to "live"' },
  rtmp_protocol_violation: { status: 400, message: 'The RTMP peer broke the protocol: {problem}' },
  rtmp_limit_exceeded: { status: 400, message: '{what} is {value}; at most {limit} is accepted' },
  rtmp_timeout: { status: 408, message: 'The RTMP peer did not finish {what} within {limitMs} ms' },
  rtmp_publish_refused: { status: 502, message: 'The RTMP server refused the publisher: {problem}' },
  rtmp_connection_lost: { status: 502, message: 'The RTMP connection to {host}:{port} was lost: {problem}' },
  codec_unsupported: { status: 415, message: '{kind} codec "{codec}" cannot be carried; set the encoder to {advice}' },
  codec_configuration_invalid: { status: 415, message: 'The {codec} decoder configuration cannot be read: {problem}' },
  bitstream_invalid: { status: 415, message: 'The {what} cannot be read: {problem}' },

  // Models
  model_unknown: { status: 404, message: 'models/manifest.json has no model "{model}"; it has: {available}' },
  model_missing: {
    status: 424,
    message: 'The weights of model "{model}" are not on this machine; run: npm run models -- {model}',
  },
  model_hash_mismatch: {
    status: 502,
    message: '{file} has SHA-256 {actual}, the manifest says {expected}; the file is refused',
  },
  model_download_failed: { status: 502, message: '{file} could not be fetched from any source: {problem}' },
  model_disk_full: { status: 507, message: 'The disk of {path} is full; {file} needs {bytes} bytes' },
  model_invalid: { status: 422, message: 'Model "{model}" cannot be loaded: {problem}' },
  model_switch_failed: {
    status: 422,
    message: 'The change to model "{model}" failed: {problem}. "{kept}" stays in use',
  },
  inference_failed: { status: 500, message: 'Model "{model}" failed on a frame: {problem}' },
  execution_provider_unavailable: {
    status: 422,
    message: 'Execution provider "{provider}" is not available here: {problem}',
  },
  manifest_invalid: { status: 422, message: 'The model manifest {path} is not valid: {problem}' },

  // Processes
  process_start_timeout: { status: 503, message: 'The {process} process was not ready within {limitMs} ms' },
  process_unresponsive: { status: 503, message: 'The {process} process did not answer for {limitMs} ms' },
  process_memory_exceeded: {
    status: 503,
    message: 'The {process} process used {usedBytes} bytes; the limit is {limitBytes}',
  },
  process_exited: { status: 503, message: 'The {process} process ended with {how}' },
  picture_failed: { status: 422, message: 'A decoded picture could not be made into {use}: {problem}' },
  decode_failed: { status: 422, message: 'The {codec} decoder refused the stream: {problem}' },
  media_unreadable: { status: 422, message: '{file} cannot be read as media: {problem}' },

  // Start and storage
  config_invalid: { status: 500, message: 'The configuration is not valid: {problem}' },
  port_in_use: { status: 500, message: '{what} port {port} on {host} is taken; set {variable} to another one' },
  data_dir_unwritable: {
    status: 500,
    message: 'The data folder {path} cannot be written: {problem}; set DATA_DIR to another one',
  },
  data_dir_locked: {
    status: 500,
    message: 'The data folder {path} is in use by process {pid}; stop it or set DATA_DIR to another one',
  },
  database_unreachable: { status: 503, message: 'The database cannot be reached: {problem}' },
  database_incompatible: { status: 500, message: 'The database cannot be used: {problem}' },
  storage_full: { status: 507, message: 'The disk of {path} is full; segments are not stored until there is room' },
  storage_failed: { status: 500, message: '{path} cannot be stored: {problem}' },
  object_key_invalid: { status: 400, message: 'The object key "{key}" is not valid: {rule}' },
  demo_clip_missing: { status: 404, message: 'The demo clip {file} does not exist' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;
/** Values that fill the message template, and that clients may read. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** The only error class that crosses a module boundary of this product. */
export class CodedError extends Error {
  override readonly name = 'CodedError';

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(fillTemplate(ERRORS[code].message, details), options);
  }

  /** HTTP status that the registry gives this code. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Whether a value is a code of the registry. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** Text of anything that was thrown, for logs and for the `problem` detail of a coded error. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fillTemplate(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details[name];
    return value === undefined ? whole : String(value);
  });
}
