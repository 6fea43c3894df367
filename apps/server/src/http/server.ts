/**
 * The HTTP server of the `api` role. Order of a request: Host and Origin (`security.ts`), the route with its schema, the one
 * error shape (`problems.ts`). Order of the stop: waiting playlists are let go, WebSockets get their goodbye, open answers
 * may finish, then sockets are cut.
 */
import websocket from '@fastify/websocket';
import { CodedError } from '@media-analyzer/protocol';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { compressAnswers } from './compression.js';
import { serveDashboard } from './dashboard.js';
import { downloadRoutes } from './downloads.js';
import { intervalRoutes } from './intervals.js';
import { documentRoutes } from './openapi.js';
import { playbackRoutes } from './playback.js';
import { answer, routeNotFound, sendError } from './problems.js';
import { recordingRoutes } from './recordings.js';
import { guardRequests } from './security.js';
import type { HttpServices } from './services.js';
import { streamRoutes } from './streams.js';
import { systemRoutes } from './system.js';

/** Largest request body, bytes: the largest legitimate one is a stream's settings. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** A request must be complete in this time, ms, or its connection is closed (slow senders hold sockets otherwise). */
const REQUEST_TIMEOUT_MS = 30_000;
/** Answers that are still being read when the server stops may take this long, ms. */
const CLOSE_GRACE_MS = 3_000;
/** What the socket library still takes in, bytes, so that the live hub can answer an oversize message politely. */
const MAX_WEBSOCKET_PAYLOAD_BYTES = 256 * 1024;

/** Takes upgraded WebSockets; the live hub is one. */
export interface LiveEndpoint {
  accept(socket: WebSocket, client: { readonly address: string }): void;
  close(): Promise<void>;
}

/** What the HTTP side counts and shows under `/metrics`; `createMetrics()` fits. */
export interface HttpMetrics {
  readonly registry: { readonly contentType: string; metrics(): Promise<string> };
  readonly playlistRequests: { inc(labels: { kind: string; status: string }): void };
  readonly httpRequestSeconds: {
    observe(labels: { method: string; route: string; status: string }, seconds: number): void;
  };
}

export interface HttpOptions {
  /** The address that will be bound (`HOST`): its name is an allowed host. */
  readonly host: string;
  /** Full origins (`https://player.example`), or `*`. */
  readonly allowedOrigins: readonly string[];
  /** Host names, with a port or without, or `*`. */
  readonly allowedHosts: readonly string[];
  /** Absolute path of the built dashboard (with `index.html`). A missing one gives a page that says how to build it. */
  readonly dashboardDir: string;
  readonly version: string;
  readonly services: HttpServices;
  readonly live: LiveEndpoint;
  readonly metrics: HttpMetrics;
  readonly logger: FastifyBaseLogger;
}

/** Builds the server without listening: call `listen({ host, port })`, and at the end `close()`, which also closes `live`. */
export async function buildHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { services, live, metrics, version } = options;
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    // One line a request would be eight a second for every viewer; failures are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Our own answer instead, see the hook below.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, BODY_LIMIT_BYTES),
    clientErrorHandler,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, BODY_LIMIT_BYTES));
  acceptEmptyJson(app);

  const stopping = new AbortController();
  // Before the WebSockets' own hook: what waits must not wait for them.
  stopGracefully(app, stopping);
  await app.register(websocket, {
    options: { maxPayload: MAX_WEBSOCKET_PAYLOAD_BYTES },
    preClose: () => live.close(),
    // After a protocol error the library has already closed with its code, and the hub logs it. This is for what the hub threw.
    errorHandler: (_error, socket) => socket.close(1011),
  });
  guardRequests(app, options);
  compressAnswers(app);
  app.addHook('onRequest', async () => {
    if (stopping.signal.aborted) throw new CodedError('server_stopping');
  });
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.ws) return;
    const route = request.routeOptions.url ?? 'none';
    metrics.httpRequestSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });

  await documentRoutes(app, version);
  await app.register(streamRoutes, services);
  await app.register(recordingRoutes, services);
  await app.register(downloadRoutes, services);
  await app.register(intervalRoutes, services);
  await app.register(systemRoutes, { ...services, metrics: metrics.registry, version });
  await app.register(playbackRoutes, {
    playback: services.playback,
    playlistRequests: metrics.playlistRequests,
    stopping: stopping.signal,
  });
  app.route({
    method: 'GET',
    url: '/ws',
    schema: { hide: true },
    handler: async (request) => {
      throw routeNotFound(request);
    },
    wsHandler: (socket, request) => live.accept(socket, { address: request.ip }),
  });
  const notFound = await serveDashboard(app, { dir: options.dashboardDir, allowedOrigins: options.allowedOrigins });
  app.setNotFoundHandler(notFound);

  await app.ready();
  return app;
}

/** A POST without a body is fine where none is needed; where one is, its schema says what is missing. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, body as string, done);
  });
}

function stopGracefully(app: FastifyInstance, stopping: AbortController): void {
  let cut: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    stopping.abort();
    cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
  });
  app.addHook('onClose', async () => clearTimeout(cut));
}

/** What is no HTTP at all is refused before there is a request: the same error shape, written by hand. */
function clientErrorHandler(
  this: FastifyInstance,
  error: NodeJS.ErrnoException,
  socket: import('node:net').Socket,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'the request did not arrive in time' : 'this is not HTTP/1.1';
  const text = JSON.stringify(answer(new CodedError('validation_failed', { problem })).body);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
