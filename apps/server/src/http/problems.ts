/**
 * From anything that was thrown to the one shape of an error answer: `{"error":{code,message,details?}}`. What a client did
 * wrong is told with the rule and the value; what the server did wrong is logged and named by its request id only.
 */
import { CodedError, type ErrorBody } from '@media-analyzer/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

/** Values echoed in a message are cut here, characters. */
const MAX_ECHO = 100;
/** Validation issues told in one answer. */
const MAX_ISSUES = 20;

/** An error as it is answered: status and body. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** What is wrong with one field of a request. */
export interface ValidationIssue {
  /** Dotted path inside `in`; empty for the whole of it. */
  readonly field: string;
  /** Name of the broken rule, as zod calls it: `too_small`, `invalid_type`, ... */
  readonly rule: string;
  readonly message: string;
  /** The value that broke it, shortened; left out when there was none. */
  readonly value?: string | number | boolean | null;
}

/** @param limitBytes the body limit of the server, for `payload_too_large` */
export function toErrorAnswer(error: unknown, request: FastifyRequest, limitBytes: number): ErrorAnswer {
  if (error instanceof CodedError) return answer(error);
  if (hasZodFastifySchemaValidationErrors(error)) return validationAnswer(error, request);

  const { code, statusCode } = error instanceof Error ? (error as Partial<FastifyError>) : {};
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return answer(new CodedError('payload_too_large', { limitBytes }));
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return answer(
        new CodedError('content_type_unsupported', { contentType: echo(request.headers['content-type'] ?? '') }),
      );
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return answer(new CodedError('validation_failed', { problem: 'the body is not JSON', in: 'body', rule: 'json' }));
  }
  if (statusCode === 404 || statusCode === 403) return answer(routeNotFound(request));
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return answer(new CodedError('validation_failed', { problem: echo((error as Error).message) }));
  }
  return answer(new CodedError('internal', { requestId: request.id }));
}

/** Sends the answer and logs what the server itself did wrong. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  limitBytes: number,
): FastifyReply {
  const { status, body } = toErrorAnswer(error, request, limitBytes);
  // Who left does not read the answer, and what his leaving broke off is no failure.
  if (request.raw.destroyed && request.socket.destroyed) request.log.debug({ err: error }, 'Client left');
  else if (status === 500) request.log.error({ err: error, route: request.routeOptions.url }, 'Request failed');
  else if (status === 403) request.log.info({ code: body.error.code, details: body.error.details }, 'Request refused');
  // What is said in the body is said to clients, players and caches that go by the header too.
  const { retryAfterSeconds } = body.error.details ?? {};
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds));
  return (
    reply
      .code(status)
      .removeHeader('etag')
      .removeHeader('content-encoding')
      .header('cache-control', 'no-store')
      .type('application/json; charset=utf-8')
      // As text: the schemas of the routes' answers must not stand between a client and what went wrong.
      .serializer(JSON.stringify)
      .send(body)
  );
}

/** The error for a path that leads nowhere. */
export function routeNotFound(request: FastifyRequest): CodedError {
  return new CodedError('route_not_found', { method: request.method, path: echo(pathOf(request)) });
}

/** Path without the query, as it was sent. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** @returns the error as the body of an answer, with the status of the registry */
export function answer(error: CodedError): ErrorAnswer {
  const { code, message, details } = error;
  const hasDetails = Object.keys(details).length > 0;
  return {
    status: error.status,
    body: { error: { code, message, ...(hasDetails ? { details: { ...details } } : {}) } },
  };
}

/** Shortens what a client sent before it is sent back or logged. */
export function echo(text: string): string {
  return text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)}…` : text;
}

function validationAnswer(
  error: Pick<FastifyError, 'validation' | 'validationContext'>,
  request: FastifyRequest,
): ErrorAnswer {
  const where = error.validationContext ?? 'body';
  const source = where === 'querystring' ? request.query : where === 'params' ? request.params : request.body;
  const issues = (error.validation ?? []).slice(0, MAX_ISSUES).map((issue): ValidationIssue => {
    const path = issue.instancePath.split('/').filter((step) => step !== '');
    const value = presentable(valueAt(source, path));
    return {
      field: path.join('.'),
      rule: issue.keyword,
      message: issue.message ?? 'is not valid',
      ...(value === undefined ? {} : { value }),
    };
  });
  const problem = issues.map(
    ({ field, message, value }) =>
      `${field || where}: ${message}${value === undefined ? '' : `, got ${JSON.stringify(value)}`}`,
  );
  const { status, body } = answer(new CodedError('validation_failed', { problem: problem.join('; ') }));
  return { status, body: { error: { ...body.error, details: { in: where, issues } } } };
}

function valueAt(source: unknown, path: readonly string[]): unknown {
  let value = source;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function presentable(value: unknown): ValidationIssue['value'] {
  switch (typeof value) {
    case 'string':
      return echo(value);
    case 'number':
    case 'boolean':
      return value;
    case 'undefined':
      return undefined;
    default:
      return value === null ? null : echo(JSON.stringify(value));
  }
}
