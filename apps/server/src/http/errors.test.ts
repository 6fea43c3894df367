import { once } from 'node:events';
import { connect } from 'node:net';
import { CodedError, errorBody } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { FakeStreams, startTestServer } from './testing/server.js';

describe('error answers', () => {
  it('have one shape, also for what no route answers', async () => {
    await using server = await startTestServer();
    for (const [method, url] of [
      ['GET', '/api/nothing'],
      ['PUT', '/api/streams'],
      ['DELETE', '/api/streams'],
      ['GET', '/hls/a/b/c/d'],
      ['POST', '/'],
    ] as const) {
      const response = await server.app.inject({ method, url });
      expect(response.statusCode).toBe(404);
      expect(errorBody.parse(response.json()).error).toEqual({
        code: 'route_not_found',
        message: `There is nothing at ${method} ${url}`,
        details: { method, path: url },
      });
    }
  });

  it('carry code, message and details of the service that refused', async () => {
    await using server = await startTestServer();
    const unknown = await server.app.inject('/api/streams/unknown');
    expect(unknown.statusCode).toBe(404);
    expect(unknown.json()).toEqual({
      error: { code: 'stream_not_found', message: 'No stream has the id "unknown"', details: { streamId: 'unknown' } },
    });

    const live = await server.app.inject({ method: 'DELETE', url: '/api/streams/stream-1' });
    expect([live.statusCode, live.json().error.code]).toEqual([409, 'stream_live']);
    const mode = await server.app.inject({ method: 'PATCH', url: '/api/streams/stream-1', payload: { mode: 'batch' } });
    expect([mode.statusCode, mode.json().error.details]).toEqual([409, { mode: 'batch', available: 'realtime' }]);
    const cursor = await server.app.inject('/api/streams?cursor=mine');
    expect([cursor.statusCode, cursor.json().error.code]).toEqual([400, 'cursor_invalid']);
  });

  it('of a bad body name field, rule and value', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({
      method: 'POST',
      url: '/api/streams',
      payload: { name: '', retention: { maxAgeMs: 5 } },
    });
    expect(response.statusCode).toBe(400);
    const { error } = errorBody.parse(response.json());
    expect(error.code).toBe('validation_failed');
    expect(error.details).toMatchObject({
      in: 'body',
      issues: [
        { field: 'name', rule: 'too_small', value: '' },
        { field: 'retention.maxAgeMs', rule: 'too_small', value: 5 },
      ],
    });
    expect(error.message).toContain('retention.maxAgeMs');
  });

  it('of a bad query and of a bad id say where it was', async () => {
    await using server = await startTestServer();
    const query = await server.app.inject('/api/streams?limit=5000');
    expect(query.json().error.details).toMatchObject({
      in: 'querystring',
      issues: [{ field: 'limit', rule: 'too_big', value: '5000' }],
    });
    const id = await server.app.inject('/api/streams/a.b');
    expect(id.json().error.details).toMatchObject({ in: 'params', issues: [{ field: 'id', value: 'a.b' }] });
  });

  it('shorten what they echo', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({
      method: 'POST',
      url: '/api/streams',
      payload: { name: 'x'.repeat(5000) },
    });
    expect(response.json().error.details.issues[0].value).toHaveLength(101);
    const path = await server.app.inject(`/api/${'y'.repeat(5000)}`);
    expect(path.json().error.message.length).toBeLessThan(200);
  });

  it.each([
    ['no JSON', 'application/json', '{"name":', 400, 'validation_failed'],
    ['a prototype in the JSON', 'application/json', '{"name":"a","__proto__":{"x":1}}', 400, 'validation_failed'],
    ['no body where one is needed', 'application/json', '', 400, 'validation_failed'],
    ['null', 'application/json', 'null', 400, 'validation_failed'],
    ['text, as a form on a foreign page could send it', 'text/plain', '{"name":"a"}', 415, 'content_type_unsupported'],
    ['a form', 'application/x-www-form-urlencoded', 'name=a', 415, 'content_type_unsupported'],
    ['too much', 'application/json', JSON.stringify({ name: 'x'.repeat(70_000) }), 413, 'payload_too_large'],
  ])('to %s are clear', async (_what, type, payload, status, code) => {
    await using server = await startTestServer();
    const response = await server.app.inject({
      method: 'POST',
      url: '/api/streams',
      headers: { 'content-type': type },
      payload,
    });
    expect([response.statusCode, errorBody.parse(response.json()).error.code]).toEqual([status, code]);
    expect(server.streams.streams.size).toBe(1);
  });

  it('to a path that cannot be decoded are clear too', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject('/api/streams/%E0%A4%A');
    expect([response.statusCode, errorBody.parse(response.json()).error.code]).toEqual([400, 'validation_failed']);
  });

  it('to what is no HTTP have the same shape', async () => {
    await using server = await startTestServer();
    const socket = connect(await server.listen(), '127.0.0.1');
    socket.end('\u0016\u0003\u0001 this is TLS\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await once(socket, 'close');
    const [head, body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(errorBody.parse(JSON.parse(body)).error.code).toBe('validation_failed');
  });
});

describe('a failure of the server itself', () => {
  class Broken extends FakeStreams {
    override async get(): Promise<never> {
      throw new TypeError('secret detail at /srv/db.ts:42');
    }

    override async list(): Promise<never> {
      throw new CodedError('database_unreachable', { problem: 'connect ECONNREFUSED' });
    }
  }

  it('is named by a request id that the log explains, and tells nothing else', async () => {
    await using server = await startTestServer({ replace: { streams: new Broken() } });
    const response = await server.app.inject('/api/streams/stream-1');
    expect(response.statusCode).toBe(500);
    const { error } = errorBody.parse(response.json());
    expect(error.code).toBe('internal');
    expect(response.body).not.toMatch(/secret|stack|\.ts/);
    const line = JSON.parse(server.log.find((entry) => entry.includes('Request failed')) ?? '{}');
    expect(line.reqId).toBe(error.details?.requestId);
    expect(line.err.message).toContain('secret detail');
  });

  it('keeps its own code when it has one', async () => {
    await using server = await startTestServer({ replace: { streams: new Broken() } });
    const response = await server.app.inject('/api/streams');
    expect([response.statusCode, response.json().error.code]).toEqual([503, 'database_unreachable']);
  });

  it('is reported when a service answers against the contract, rather than passed on', async () => {
    class Odd extends FakeStreams {
      override async get(id: string) {
        return { ...(await super.get(id)), createdAt: -1 };
      }
    }
    await using server = await startTestServer({ replace: { streams: new Odd() } });
    const response = await server.app.inject('/api/streams/stream-1');
    expect([response.statusCode, response.json().error.code]).toEqual([500, 'internal']);
  });
});

describe('the REST routes', () => {
  it('create, read, change, page through and delete streams', async () => {
    await using server = await startTestServer();
    const created = await server.app.inject({ method: 'POST', url: '/api/streams', payload: { name: '  Studio 2 ' } });
    expect(created.statusCode).toBe(201);
    expect(created.json()).toMatchObject({ name: 'Studio 2', state: 'offline' });
    const url = created.headers.location as string;
    expect((await server.app.inject(url)).json()).toEqual(created.json());

    const changed = await server.app.inject({ method: 'PATCH', url, payload: { name: 'Stage' } });
    expect(changed.json().name).toBe('Stage');
    const first = (await server.app.inject('/api/streams?limit=1')).json();
    const second = (await server.app.inject(`/api/streams?limit=1&cursor=${first.nextCursor}`)).json();
    expect([first.items[0].id, second.items[0].name, second.nextCursor]).toEqual(['stream-1', 'Stage', null]);

    const removed = await server.app.inject({ method: 'DELETE', url });
    expect([removed.statusCode, removed.body]).toEqual([204, '']);
    expect((await server.app.inject(url)).statusCode).toBe(404);
  });

  it('change the model that detects, and say why it could not be changed', async () => {
    await using server = await startTestServer();
    const ask = async (detectionModel: unknown) => {
      const response = await server.app.inject({ method: 'PATCH', url: '/api/system', payload: { detectionModel } });
      return [response.statusCode, response.json().error?.code ?? response.json().model];
    };
    expect(await ask('yolox-s')).toEqual([200, 'yolox-s']);
    expect(await ask('absent')).toEqual([404, 'model_unknown']);
    expect(await ask('broken')).toEqual([422, 'model_switch_failed']);
    expect(await ask('')).toEqual([400, 'validation_failed']);
    expect((await server.app.inject('/api/system')).json().model).toBe('yolox-s');
    expect(await ask(null)).toEqual([200, 'yolox-nano']);
  });

  it('take a POST without a body where none is needed, with or without a JSON content type', async () => {
    await using server = await startTestServer();
    const bare = await server.app.inject({ method: 'POST', url: '/api/demo' });
    expect([bare.statusCode, bare.json()]).toEqual([200, { running: true, streamId: 'demo' }]);
    const typed = await server.app.inject({
      method: 'POST',
      url: '/api/models/yolox-s/fetch',
      headers: { 'content-type': 'application/json' },
    });
    expect([typed.statusCode, typed.json().state]).toEqual([202, 'fetching']);
    expect((await server.app.inject({ method: 'DELETE', url: '/api/demo' })).json().running).toBe(false);
  });

  it('pass the range of analyses on as numbers', async () => {
    await using server = await startTestServer();
    expect((await server.app.inject('/api/streams/stream-1/analyses?from=0&to=1000')).json().items).toHaveLength(0);
    expect((await server.app.inject('/api/streams/stream-1/analyses?from=1000')).json().items).toHaveLength(1);
    expect((await server.app.inject('/api/streams/stream-1/analyses?from=-1')).statusCode).toBe(400);
  });

  it('send the thumbnail once and then only say that it is the same', async () => {
    await using server = await startTestServer();
    const first = await server.app.inject('/api/streams/stream-1/thumbnail.jpg');
    expect([first.statusCode, first.headers['content-type'], first.rawPayload.length]).toEqual([200, 'image/jpeg', 4]);
    const again = await server.app.inject({
      url: '/api/streams/stream-1/thumbnail.jpg',
      headers: { 'if-none-match': first.headers.etag },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    server.streams.picture = null;
    const none = await server.app.inject('/api/streams/stream-1/thumbnail.jpg');
    expect([none.statusCode, none.json().error.code]).toEqual([404, 'thumbnail_not_found']);
  });

  it('are not cached', async () => {
    await using server = await startTestServer();
    expect((await server.app.inject('/api/streams')).headers['cache-control']).toBe('no-store');
    expect((await server.app.inject('/api/streams/unknown')).headers['cache-control']).toBe('no-store');
  });
});

describe('what orchestrators ask', () => {
  it('is answered: alive always, ready when nothing is in the way', async () => {
    await using server = await startTestServer();
    expect((await server.app.inject('/healthz')).json()).toEqual({ status: 'ok', version: '0.1.0' });
    expect((await server.app.inject('/readyz')).json()).toEqual({ ready: true, problems: [] });
    server.system.problems = [{ code: 'database_unreachable', message: 'gone' }];
    const unready = await server.app.inject('/readyz');
    expect([unready.statusCode, unready.json()]).toEqual([503, { ready: false, problems: server.system.problems }]);
    expect((await server.app.inject('/healthz')).statusCode).toBe(200);
  });

  it('includes metrics, with requests counted by route and never by id', async () => {
    await using server = await startTestServer();
    await server.app.inject('/api/streams/stream-1');
    await server.app.inject('/hls/stream-1/session-1/media.m3u8?_HLS_msn=3');
    const { body, headers } = await server.app.inject('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=/);
    expect(body).toContain(
      'media_analyzer_http_request_seconds_count{method="GET",route="/api/streams/:id",status="200"} 1',
    );
    expect(body).toContain('media_analyzer_playlist_requests_total{kind="blocking",status="200"} 1');
    expect(body).not.toContain('stream-1');
  });
});
