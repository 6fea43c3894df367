/** Models, system state, demo, and what orchestrators and Prometheus ask for. */
import {
  liveness,
  modelLabels,
  modelStatus,
  noticeRecord,
  page,
  readiness,
  systemStatus,
  updateSystem,
} from '@media-analyzer/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { body, errors, json } from './schemas.js';
import type { ModelService, SystemService } from './services.js';

const modelParams = z.object({ name: z.string().min(1).max(100) });
const demoStatus = systemStatus.shape.demo;

/** The metrics as Prometheus reads them; prom-client's registry fits. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What the routes of models, system, health and metrics need. */
export interface SystemRouteOptions {
  readonly models: ModelService;
  readonly system: SystemService;
  readonly metrics: MetricsPage;
  readonly version: string;
}

/** Models, system status, demo, health checks and metrics. */
export const systemRoutes: FastifyPluginAsyncZod<SystemRouteOptions> = async (
  app,
  { models, system, metrics, version },
) => {
  app.get(
    '/api/models',
    {
      schema: {
        tags: ['models'],
        operationId: 'listModels',
        summary: 'List the models of the manifest and whether their weights are here',
        response: { 200: json(page(modelStatus), 'All models, in one page'), ...errors() },
      },
    },
    async () => ({ items: await models.list(), nextCursor: null }),
  );

  app.get(
    '/api/models/:name/labels',
    {
      schema: {
        tags: ['models'],
        operationId: 'getModelLabels',
        summary: 'What a model can find',
        params: modelParams,
        response: { 200: json(modelLabels, 'The labels'), ...errors('validation_failed', 'model_unknown') },
      },
    },
    async (request) => ({ labels: [...(await models.labels(request.params.name))] }),
  );

  app.post(
    '/api/models/:name/fetch',
    {
      schema: {
        tags: ['models'],
        operationId: 'fetchModel',
        summary: 'Fetch the weights of a model, or join the fetch that runs; progress comes over the WebSocket',
        params: modelParams,
        response: { 202: json(modelStatus, 'State of the model now'), ...errors('validation_failed', 'model_unknown') },
      },
    },
    async (request, reply) => reply.code(202).send(await models.fetch(request.params.name)),
  );

  app.get(
    '/api/system',
    {
      schema: {
        tags: ['system'],
        operationId: 'getSystem',
        summary: 'State of this server',
        response: { 200: json(systemStatus, 'State of this server'), ...errors() },
      },
    },
    () => system.status(),
  );

  app.get(
    '/api/notices',
    {
      schema: {
        tags: ['system'],
        operationId: 'listNotices',
        summary: 'List what operators had to know, over and ongoing, the newest news first; kept for two weeks',
        response: { 200: json(page(noticeRecord), 'All of them, in one page'), ...errors() },
      },
    },
    async () => ({ items: await system.notices(), nextCursor: null }),
  );

  app.patch(
    '/api/system',
    {
      schema: {
        tags: ['system'],
        operationId: 'updateSystem',
        summary:
          'Change the model that detects, on air too; answers when it is in use. A failure leaves the old one in use',
        body: updateSystem,
        response: {
          200: json(systemStatus, 'State of this server, with the change in force'),
          ...errors(
            'validation_failed',
            'content_type_unsupported',
            'payload_too_large',
            'model_unknown',
            'model_missing',
            'model_hash_mismatch',
            'model_switch_failed',
          ),
        },
      },
    },
    (request) => system.update(request.body),
  );

  app.post(
    '/api/demo',
    {
      schema: {
        tags: ['system'],
        operationId: 'startDemo',
        summary: 'Publish the demo clip in a loop through the RTMP port, or join the demo that runs',
        response: { 200: json(demoStatus, 'The demo'), ...errors('demo_clip_missing') },
      },
    },
    () => system.startDemo(),
  );

  app.delete(
    '/api/demo',
    {
      schema: {
        tags: ['system'],
        operationId: 'stopDemo',
        summary: 'Stop the demo; no error when none runs',
        response: { 200: json(demoStatus, 'The demo'), ...errors() },
      },
    },
    () => system.stopDemo(),
  );

  app.get(
    '/healthz',
    {
      schema: {
        tags: ['operations'],
        operationId: 'getLiveness',
        summary: 'Whether the process answers',
        response: { 200: json(liveness, 'It does'), ...errors() },
      },
    },
    async () => ({ status: 'ok' as const, version }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['operations'],
        operationId: 'getReadiness',
        summary: 'Whether the process can do its work',
        response: {
          200: json(readiness, 'It can'),
          ...errors(),
          503: json(readiness, 'It cannot; `problems` says why'),
        },
      },
    },
    async (_request, reply) => {
      const { ready, problems } = await system.ready();
      return reply.code(ready ? 200 : 503).send({ ready, problems: [...problems] });
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags: ['operations'],
        operationId: 'getMetrics',
        summary: 'Metrics in the Prometheus text format',
        response: { 200: body('text/plain', 'Metrics'), ...errors() },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
};
