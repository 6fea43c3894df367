import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeStream } from '../testing/fixtures.js';
import { startTestServer } from './testing/server.js';

const gzip = { 'accept-encoding': 'gzip, deflate, br' };

/** A server with enough streams for an answer that gains by compression. */
async function startFullServer() {
  const server = await startTestServer();
  for (let index = 0; index < 20; index++) {
    server.streams.streams.set(`many-${index}`, makeStream({ id: `many-${index}`, name: `Kamera ${index} · Größe` }));
  }
  return server;
}

describe('an answer of the API', () => {
  it('is compressed for who accepts it, and says by what it varies', async () => {
    await using server = await startFullServer();
    const plain = await server.app.inject('/api/streams');
    const compressed = await server.app.inject({ url: '/api/streams', headers: gzip });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers['content-encoding']).toBe('gzip');
    for (const { headers } of [plain, compressed]) expect(headers.vary).toBe('Accept-Encoding');
    expect(gunzipSync(compressed.rawPayload).toString()).toBe(plain.body);
    expect(compressed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 4);
    expect(Number(compressed.headers['content-length'])).toBe(compressed.rawPayload.length);
  });

  it('is left alone when it fits into one packet', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({ url: '/healthz', headers: gzip });
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.json().status).toBe('ok');
  });

  it('keeps what else it varies by', async () => {
    await using server = await startTestServer({ allowedOrigins: ['https://player.example'] });
    const response = await server.app.inject({ url: '/openapi.json', headers: gzip });
    expect(response.headers.vary).toBe('Origin, Accept-Encoding');
    expect(JSON.parse(gunzipSync(response.rawPayload).toString()).openapi).toBe('3.1.0');
  });

  it('has the same headers for HEAD', async () => {
    await using server = await startFullServer();
    const [get, head] = await Promise.all(
      (['GET', 'HEAD'] as const).map((method) => server.app.inject({ method, url: '/api/streams', headers: gzip })),
    );
    expect(head?.headers['content-encoding']).toBe('gzip');
    expect(head?.headers['content-length']).toBe(get?.headers['content-length']);
    expect(head?.rawPayload.length).toBe(0);
  });
});

describe('media', () => {
  it('are never compressed and never vary by it, in whole or in ranges', async () => {
    await using server = await startTestServer();
    const url = '/hls/stream-1/session-1/seg-1.m4s';
    for (const headers of [gzip, { ...gzip, range: 'bytes=0-899' }]) {
      const response = await server.app.inject({ url, headers });
      expect([200, 206]).toContain(response.statusCode);
      expect([response.headers['content-encoding'], response.headers.vary]).toEqual([undefined, undefined]);
    }
    const picture = await server.app.inject({ url: '/api/streams/stream-1/thumbnail.jpg', headers: gzip });
    expect([picture.statusCode, picture.headers['content-encoding'], picture.headers.vary]).toEqual([
      200,
      undefined,
      undefined,
    ]);
  });
});

describe('a file of the dashboard', () => {
  const script = 'export const answer = 42;\n'.repeat(100);
  let dashboardDir = '';
  beforeAll(async () => {
    dashboardDir = await mkdtemp(join(tmpdir(), 'dashboard-'));
    await writeFile(join(dashboardDir, 'main-ABCD1234.js'), script);
    await writeFile(join(dashboardDir, 'main-ABCD1234.js.br'), brotliCompressSync(script));
    await writeFile(join(dashboardDir, 'only-ABCD1234.js'), script);
  });
  afterAll(() => rm(dashboardDir, { recursive: true }));

  it('is sent as the build has compressed it, with its own type, tag and life', async () => {
    await using server = await startTestServer({ dashboardDir });
    const plain = await server.app.inject('/main-ABCD1234.js');
    const compressed = await server.app.inject({ url: '/main-ABCD1234.js', headers: gzip });
    expect(plain.body).toBe(script);
    expect(compressed.headers['content-encoding']).toBe('br');
    expect(compressed.rawPayload).toEqual(brotliCompressSync(script));
    expect(compressed.headers.etag).not.toBe(plain.headers.etag);
    for (const { headers } of [plain, compressed]) {
      expect(headers['content-type']).toContain('javascript');
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers.vary).toBe('Accept-Encoding');
    }
    const again = await server.app.inject({
      url: '/main-ABCD1234.js',
      headers: { ...gzip, 'if-none-match': compressed.headers.etag },
    });
    expect([again.statusCode, again.headers.vary]).toEqual([304, 'Accept-Encoding']);
  });

  it('is sent as it is where the build has left nothing beside it', async () => {
    await using server = await startTestServer({ dashboardDir });
    const response = await server.app.inject({ url: '/only-ABCD1234.js', headers: gzip });
    expect([response.statusCode, response.headers['content-encoding'], response.body]).toEqual([
      200,
      undefined,
      script,
    ]);
  });
});
