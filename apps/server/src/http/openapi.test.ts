import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { RouteOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { startTestServer } from './testing/server.js';

interface OpenApi {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        operationId?: string;
        summary?: string;
        tags?: string[];
        responses: Record<string, { content?: Record<string, { schema: object }> }>;
      }
    >
  >;
  components: { schemas: Record<string, object> };
}

async function readDocument(server: Awaited<ReturnType<typeof startTestServer>>): Promise<OpenApi> {
  const response = await server.app.inject('/openapi.json');
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  return response.json();
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    await using server = await startTestServer();
    const document = await readDocument(server);
    expect(document.openapi).toBe('3.1.0');
    const result = await new Validator().validate((await server.app.inject('/openapi.json')).json());
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it('has every route, with a name of its own, a summary, a tag and its errors', async () => {
    await using server = await startTestServer();
    const document = await readDocument(server);
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
    );
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual([
      'DELETE /api/demo',
      'DELETE /api/streams/{id}',
      'DELETE /api/streams/{id}/sessions/{sessionId}',
      'GET /api/models',
      'GET /api/models/{name}/labels',
      'GET /api/notices',
      'GET /api/streams',
      'GET /api/streams/{id}',
      'GET /api/streams/{id}/analyses',
      'GET /api/streams/{id}/health',
      'GET /api/streams/{id}/intervals',
      'GET /api/streams/{id}/intervals.csv',
      'GET /api/streams/{id}/intervals.json',
      'GET /api/streams/{id}/presence',
      'GET /api/streams/{id}/sessions',
      'GET /api/streams/{id}/sessions/{sessionId}',
      'GET /api/streams/{id}/sessions/{sessionId}/download.mp4',
      'GET /api/streams/{id}/sessions/{sessionId}/picture.jpg',
      'GET /api/streams/{id}/thumbnail.jpg',
      'GET /api/system',
      'GET /healthz',
      'GET /hls/{streamId}/index.m3u8',
      'GET /hls/{streamId}/{sessionId}/media.m3u8',
      'GET /hls/{streamId}/{sessionId}/recording.m3u8',
      'GET /hls/{streamId}/{sessionId}/{name}',
      'GET /metrics',
      'GET /readyz',
      'PATCH /api/streams/{id}',
      'PATCH /api/system',
      'POST /api/demo',
      'POST /api/models/{name}/fetch',
      'POST /api/streams',
      'POST /api/streams/{id}/key',
    ]);
    for (const { operationId, summary, tags, responses } of operations) {
      expect([operationId, summary, tags]).toEqual([expect.any(String), expect.any(String), [expect.any(String)]]);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['403', '500']));
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it('names schemas once and only those that are used', async () => {
    await using server = await startTestServer();
    const document = await readDocument(server);
    const text = JSON.stringify(document);
    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`"#/components/schemas/${name}"`);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Stream', 'Session', 'Analysis', 'Error']),
    );
  });

  it('tells the truth: answers match the schemas that it gives for them', async () => {
    await using server = await startTestServer();
    const document = await readDocument(server);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'doc', ...document });

    const calls: [method: RouteOptions['method'], url: string, path: string, payload?: object][] = [
      ['GET', '/api/streams', '/api/streams'],
      ['GET', '/api/streams?limit=0', '/api/streams'],
      ['POST', '/api/streams', '/api/streams', { name: 'Second' }],
      ['POST', '/api/streams', '/api/streams', { name: '' }],
      ['GET', '/api/streams/stream-1', '/api/streams/{id}'],
      ['GET', '/api/streams/none', '/api/streams/{id}'],
      ['PATCH', '/api/streams/stream-1', '/api/streams/{id}', { name: 'New name' }],
      ['PATCH', '/api/streams/stream-1', '/api/streams/{id}', { mode: 'batch' }],
      ['DELETE', '/api/streams/stream-1', '/api/streams/{id}'],
      ['POST', '/api/streams/stream-1/key', '/api/streams/{id}/key'],
      ['GET', '/api/streams/stream-1/health', '/api/streams/{id}/health'],
      ['GET', '/api/streams/stream-1/sessions', '/api/streams/{id}/sessions'],
      ['GET', '/api/streams/stream-1/sessions/session-1', '/api/streams/{id}/sessions/{sessionId}'],
      ['GET', '/api/streams/stream-1/sessions/none', '/api/streams/{id}/sessions/{sessionId}'],
      ['GET', '/api/streams/stream-1/analyses', '/api/streams/{id}/analyses'],
      ['GET', '/api/models', '/api/models'],
      ['GET', '/api/notices', '/api/notices'],
      ['PATCH', '/api/system', '/api/system', { detectionModel: 'yolox-s' }],
      ['PATCH', '/api/system', '/api/system', { detectionModel: null }],
      ['PATCH', '/api/system', '/api/system', { detectionModel: 'absent' }],
      ['PATCH', '/api/system', '/api/system', { detectionModel: 'broken' }],
      ['PATCH', '/api/system', '/api/system', { detectionModel: 7 }],
      ['POST', '/api/models/yolox-s/fetch', '/api/models/{name}/fetch'],
      ['POST', '/api/models/none/fetch', '/api/models/{name}/fetch'],
      ['GET', '/api/system', '/api/system'],
      ['POST', '/api/demo', '/api/demo'],
      ['DELETE', '/api/demo', '/api/demo'],
      ['GET', '/healthz', '/healthz'],
      ['GET', '/readyz', '/readyz'],
    ];
    for (const [method, url, path, payload] of calls) {
      const response = await server.app.inject({
        method: method as 'GET',
        url,
        ...(payload === undefined ? {} : { payload }),
      });
      const documented = document.paths[path]?.[String(method).toLowerCase()]?.responses[response.statusCode];
      expect(documented, `${method} ${path} answers ${response.statusCode} without documenting it`).toBeDefined();
      const schema = documented?.content?.['application/json']?.schema;
      expect(schema, `${method} ${path} ${response.statusCode}`).toBeDefined();
      const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components'));
      const valid = ajv.validate(local, response.json());
      expect(valid, `${method} ${url}: ${ajv.errorsText()}`).toBe(true);
    }
  });
});
