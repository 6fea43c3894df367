import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { contentSecurityPolicy, inlineScriptHashes } from './security.js';
import { startTestServer } from './testing/server.js';

const FOREIGN = 'https://evil.example';

describe('a foreign page', () => {
  it.each([
    ['GET', '/api/streams'],
    ['POST', '/api/streams'],
    ['DELETE', '/api/streams/stream-1'],
    ['GET', '/hls/stream-1/index.m3u8'],
    ['GET', '/hls/stream-1/session-1/seg-1.m4s'],
    ['GET', '/metrics'],
    ['GET', '/openapi.json'],
    ['GET', '/docs'],
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['OPTIONS', '/api/streams'],
  ] as const)('is refused at %s %s', async (method, url) => {
    await using server = await startTestServer();
    const origin = await server.app.inject({
      method,
      url,
      headers: { origin: FOREIGN },
      payload: method === 'POST' ? { name: 'x' } : undefined,
    });
    expect(origin.statusCode).toBe(403);
    expect(origin.json().error).toMatchObject({ code: 'origin_refused', details: { origin: FOREIGN } });
    expect(origin.headers['access-control-allow-origin']).toBeUndefined();
    const host = await server.app.inject({ method, url, headers: { host: 'evil.example' } });
    expect([host.statusCode, host.json().error.code]).toEqual([403, 'host_refused']);
    expect(server.streams.streams.size).toBe(1);
  });

  it('that is configured may read, write and ask beforehand', async () => {
    const player = 'https://player.example';
    await using server = await startTestServer({ allowedOrigins: [player] });
    const read = await server.app.inject({ url: '/hls/stream-1/session-1/media.m3u8', headers: { origin: player } });
    expect(read.headers).toMatchObject({
      'access-control-allow-origin': player,
      vary: 'Origin, Accept-Encoding',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(read.headers['access-control-expose-headers']).toContain('Content-Range');
    const write = await server.app.inject({
      method: 'POST',
      url: '/api/streams',
      headers: { origin: player },
      payload: { name: 'x' },
    });
    expect([write.statusCode, write.headers['access-control-allow-origin']]).toEqual([201, player]);
    const preflight = await server.app.inject({
      method: 'OPTIONS',
      url: '/api/streams/stream-1',
      headers: { origin: player, 'access-control-request-method': 'PATCH' },
    });
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('PATCH');

    // A page that is not in the list does not profit from one that is, and caches keep the two apart.
    const foreign = await server.app.inject({ url: '/hls/stream-1/index.m3u8', headers: { origin: FOREIGN } });
    expect([foreign.statusCode, foreign.headers.vary, foreign.headers['access-control-allow-origin']]).toEqual([
      403,
      'Origin, Accept-Encoding',
      undefined,
    ]);
    const own = await server.app.inject('/hls/stream-1/index.m3u8');
    expect(own.headers.vary).toBe('Origin, Accept-Encoding');
  });

  it('sees errors too when it is configured', async () => {
    await using server = await startTestServer({ allowedOrigins: ['*'] });
    const response = await server.app.inject({ url: '/hls/unknown/index.m3u8', headers: { origin: FOREIGN } });
    expect([response.statusCode, response.headers['access-control-allow-origin']]).toEqual([404, '*']);
  });
});

describe('a WebSocket upgrade', () => {
  async function upgrade(port: number, headers: Record<string, string>): Promise<string> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
    try {
      const outcome = await Promise.race([
        once(socket, 'message').then(([data]) => String(data)),
        once(socket, 'unexpected-response').then(async ([, response]) => {
          let body = '';
          for await (const chunk of response) body += chunk;
          return `${response.statusCode} ${JSON.parse(body).error.code}`;
        }),
      ]);
      return outcome;
    } finally {
      socket.on('error', () => {});
      socket.terminate();
    }
  }

  it('is refused from a foreign page and for a foreign name, before there is a socket', async () => {
    await using server = await startTestServer();
    const port = await server.listen();
    expect(await upgrade(port, { origin: FOREIGN })).toBe('403 origin_refused');
    expect(await upgrade(port, { origin: 'null' })).toBe('403 origin_refused');
    expect(await upgrade(port, { origin: `http://localhost:${port}` })).toBe('403 origin_refused');
    expect(await upgrade(port, { host: 'evil.example', origin: 'http://evil.example' })).toBe('403 host_refused');
  });

  it('is accepted from our own pages, from no page, and from configured ones', async () => {
    await using server = await startTestServer({ allowedOrigins: ['https://player.example'] });
    const port = await server.listen();
    expect(await upgrade(port, { origin: `http://127.0.0.1:${port}` })).toBe('welcome');
    expect(await upgrade(port, {})).toBe('welcome');
    expect(await upgrade(port, { origin: 'https://player.example' })).toBe('welcome');
  });

  it('is needed: a plain GET of /ws finds nothing', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject('/ws');
    expect(response.statusCode).toBe(404);
    expect(response.json().error.code).toBe('route_not_found');
  });
});

describe('security headers', () => {
  it('are on every answer, refusals included', async () => {
    await using server = await startTestServer();
    for (const url of ['/', '/api/streams', '/api/unknown', '/docs', '/hls/stream-1/index.m3u8']) {
      const { headers } = await server.app.inject(url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['content-security-policy']).toContain("frame-ancestors 'self'");
      expect(headers['content-security-policy']).toContain('worker-src');
    }
  });

  it('allow the inline scripts of our own page by their hash and no others', () => {
    const html = `<script>boot()</script><script src="main.js"></script><link rel="stylesheet" onload="this.media='all'">`;
    const hash = (code: string) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;
    expect(inlineScriptHashes(html)).toEqual([hash('boot()'), hash("this.media='all'")]);
    expect(contentSecurityPolicy([], inlineScriptHashes(html))).toContain(
      `script-src 'self' 'unsafe-hashes' ${hash('boot()')}`,
    );
    expect(contentSecurityPolicy([])).toContain("script-src 'self';");
  });
});
