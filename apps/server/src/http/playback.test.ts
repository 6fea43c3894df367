import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { errorBody } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PLAYBACK_FILE_NAME } from './playback.js';
import { PLAYLIST, SEGMENT, startTestServer, type TestServer } from './testing/server.js';

const MULTI = '/hls/stream-1/index.m3u8';
const MEDIA = '/hls/stream-1/session-1/media.m3u8';
const MEMORY = '/hls/stream-1/session-1/seg-1.m4s';
const DISK = '/hls/stream-1/session-1/seg-0.m4s';

describe('playlists', () => {
  it('are sent as HLS', async () => {
    await using server = await startTestServer();
    for (const url of [MULTI, `${MULTI}?session=session-1`, MEDIA]) {
      const response = await server.app.inject(url);
      expect([response.statusCode, response.headers['content-type'], response.body]).toEqual([
        200,
        'application/vnd.apple.mpegurl',
        PLAYLIST,
      ]);
    }
  });

  it('pass delivery directives on as numbers', async () => {
    await using server = await startTestServer();
    await server.app.inject(`${MEDIA}?_HLS_msn=12&_HLS_part=3&_HLS_skip=YES&token=abc`);
    await server.app.inject(MEDIA);
    expect(server.playback.requests).toMatchObject([
      { msn: 12, part: 3, skip: true },
      { msn: undefined, part: undefined, skip: false },
    ]);
  });

  it.each([
    '_HLS_msn=-1',
    '_HLS_msn=',
    '_HLS_msn=1.5',
    '_HLS_msn=x',
    '_HLS_part=1',
    '_HLS_msn=1&_HLS_part=x',
    '_HLS_skip=no',
    '_HLS_msn=1&_HLS_msn=2',
  ])('refuse ?%s and never pass it on', async (query) => {
    await using server = await startTestServer();
    const response = await server.app.inject(`${MEDIA}?${query}`);
    expect([response.statusCode, errorBody.parse(response.json()).error.code]).toEqual([
      400,
      'playlist_request_invalid',
    ]);
    expect(response.json().error.message).toMatch(/_HLS_/);
    expect(server.playback.requests).toHaveLength(0);
  });

  it('say what is wrong in the codes of the registry', async () => {
    await using server = await startTestServer();
    for (const [url, status, code] of [
      ['/hls/unknown/index.m3u8', 404, 'stream_not_found'],
      [`${MULTI}?session=unknown`, 404, 'session_not_found'],
      ['/hls/stream-1/unknown/media.m3u8', 404, 'session_not_found'],
      [`${MEDIA}?_HLS_msn=500`, 400, 'playlist_too_far_ahead'],
      [`${MULTI}?session=../x`, 400, 'playlist_request_invalid'],
    ] as const) {
      const response = await server.app.inject(url);
      expect([url, response.statusCode, response.json().error.code]).toEqual([url, status, code]);
      expect(response.headers['cache-control']).toBe('no-store');
    }
  });

  it('that are not there yet name the time to ask again in the header too', async () => {
    await using server = await startTestServer();
    server.playback.notReady = true;
    for (const url of [MULTI, MEDIA]) {
      const response = await server.app.inject(url);
      expect([response.statusCode, response.json().error.code]).toEqual([404, 'playback_not_ready']);
      expect([response.headers['retry-after'], response.headers['cache-control']]).toEqual(['1', 'no-store']);
    }
  });

  it('are compressed for who accepts it', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({ url: MEDIA, headers: { 'accept-encoding': 'gzip, br' } });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.headers.vary).toBe('Accept-Encoding');
    expect(gunzipSync(response.rawPayload).toString()).toBe(PLAYLIST);
    expect(response.rawPayload.length).toBeLessThan(PLAYLIST.length);
    const plain = await server.app.inject({ url: MEDIA, headers: { 'accept-encoding': 'gzip;q=0' } });
    expect([plain.headers['content-encoding'], plain.body]).toEqual([undefined, PLAYLIST]);
  });

  it('are not sent again when they have not changed', async () => {
    await using server = await startTestServer();
    for (const url of [MULTI, MEDIA]) {
      const { etag } = (await server.app.inject(url)).headers;
      const again = await server.app.inject({ url, headers: { 'if-none-match': etag, 'accept-encoding': 'gzip' } });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
  });

  it('tell caches how long they hold: a live one a moment, a blocking one long, an ended one longer', async () => {
    await using server = await startTestServer();
    const cacheOf = async (url: string) => (await server.app.inject(url)).headers['cache-control'];
    expect(await cacheOf(MULTI)).toBe('public, no-cache');
    expect(await cacheOf(MEDIA)).toBe('public, max-age=0, s-maxage=1');
    expect(await cacheOf(`${MEDIA}?_HLS_msn=3`)).toBe('public, max-age=0, s-maxage=12');
    server.playback.ended = true;
    expect(await cacheOf(MEDIA)).toBe('public, max-age=0, s-maxage=60');
    expect(await cacheOf(`${MULTI}?session=session-1`)).toBe('public, max-age=0, s-maxage=60');
    // The next session may start at any moment.
    expect(await cacheOf(MULTI)).toBe('public, no-cache');
  });

  it('answer HEAD without a body', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({ method: 'HEAD', url: MEDIA });
    expect([response.statusCode, response.body, response.headers['content-length']]).toEqual([
      200,
      '',
      String(PLAYLIST.length),
    ]);
  });

  it('let a blocked request go when the client leaves', async () => {
    await using server = await startTestServer();
    let release = () => {};
    server.playback.block = new Promise((resolve) => {
      release = resolve;
    });
    const port = await server.listen();
    const arrived = new Promise<AbortSignal>((resolve) => {
      server.playback.requests.push = (request) => {
        resolve(request.signal);
        return 1;
      };
    });
    const request = get({ port, host: '127.0.0.1', path: `${MEDIA}?_HLS_msn=3` });
    request.on('error', () => {});
    const signal = await arrived;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    request.destroy();
    await aborted;
    release();
    expect(server.log.filter((line) => line.includes('Request failed'))).toHaveLength(0);
  });
});

describe('media files', () => {
  it('are sent whole, from memory and from disk, to be kept for a year', async () => {
    await using server = await startTestServer();
    for (const url of [MEMORY, DISK]) {
      const response = await server.app.inject(url);
      expect(response.statusCode).toBe(200);
      expect(response.rawPayload.equals(SEGMENT)).toBe(true);
      expect(response.headers).toMatchObject({
        'content-type': 'video/mp4',
        'content-length': '1000',
        'accept-ranges': 'bytes',
        'cache-control': 'public, max-age=31536000, immutable',
      });
    }
  });

  it('are sent in the range asked for', async () => {
    await using server = await startTestServer();
    for (const url of [MEMORY, DISK]) {
      const response = await server.app.inject({ url, headers: { range: 'bytes=10-19' } });
      expect([response.statusCode, response.headers['content-range'], response.headers['content-length']]).toEqual([
        206,
        'bytes 10-19/1000',
        '10',
      ]);
      expect(response.rawPayload.equals(SEGMENT.subarray(10, 20))).toBe(true);
    }
    // Only the range was read.
    expect(server.playback.opened).toEqual(['10-19']);
  });

  it('refuse a range outside of the file and say how long it is', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject({ url: DISK, headers: { range: 'bytes=1000-' } });
    expect([response.statusCode, response.json().error.code]).toEqual([416, 'range_not_satisfiable']);
    expect(response.headers['content-range']).toBe('bytes */1000');
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('send the whole file for a range of another version', async () => {
    await using server = await startTestServer();
    const { etag } = (await server.app.inject(MEMORY)).headers;
    const ranged = (ifRange: string) =>
      server.app.inject({ url: MEMORY, headers: { range: 'bytes=0-9', 'if-range': ifRange } });
    expect((await ranged(String(etag))).statusCode).toBe(206);
    expect((await ranged('"other"')).statusCode).toBe(200);
  });

  it('are neither opened nor sent for HEAD and for what the client has', async () => {
    await using server = await startTestServer();
    const head = await server.app.inject({ method: 'HEAD', url: DISK, headers: { range: 'bytes=0-9' } });
    expect([head.statusCode, head.body, head.headers['content-length'], head.headers['accept-ranges']]).toEqual([
      200,
      '',
      '1000',
      'bytes',
    ]);
    const again = await server.app.inject({ url: DISK, headers: { 'if-none-match': head.headers.etag } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect(server.playback.opened).toEqual([]);
  });

  it('are released when they are sent, and whatever else is answered', async () => {
    await using server = await startTestServer();
    const { etag } = (await server.app.inject(MEMORY)).headers;
    await vi.waitUntil(() => server.playback.released === 1);
    await server.app.inject({ method: 'HEAD', url: MEMORY });
    await server.app.inject({ url: MEMORY, headers: { 'if-none-match': etag } });
    await server.app.inject({ url: MEMORY, headers: { range: 'bytes=1000-' } });
    await vi.waitUntil(() => server.playback.released === 4);
  });

  it('are not released while a slow client has not taken them, but when it has gone', async () => {
    await using server = await startTestServer();
    // More than sockets hold.
    server.playback.held = new Uint8Array(64 * 1024 * 1024);
    const port = await server.listen();
    const socket = connect(port, '127.0.0.1');
    socket.pause().write(`GET ${MEMORY} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await vi.waitUntil(() => server.playback.fileRequests.length === 1);
    // By now the first has been written as far as it can be.
    expect((await fetch(`http://127.0.0.1:${port}${DISK}`)).status).toBe(200);
    expect(server.playback.released).toBe(0);
    socket.destroy();
    await vi.waitUntil(() => server.playback.released === 1);
  });

  it('have tags that differ from session to session', async () => {
    await using server = await startTestServer();
    const one = await server.app.inject(MEMORY);
    const other = await server.app.inject('/hls/stream-1/session-2/seg-1.m4s');
    expect(one.headers.etag).not.toBe(other.headers.etag);
  });

  it('are not found under unknown names', async () => {
    await using server = await startTestServer();
    const response = await server.app.inject('/hls/stream-1/session-1/seg-99.m4s');
    expect([response.statusCode, response.json().error]).toEqual([
      404,
      expect.objectContaining({ code: 'playback_not_found', details: { path: '/hls/stream-1/session-1/seg-99.m4s' } }),
    ]);
  });
});

describe('path traversal', () => {
  let server: TestServer;
  let port: number;
  beforeAll(async () => {
    server = await startTestServer();
    port = await server.listen();
  });
  afterAll(() => server.app.close());

  const TRIES = [
    '..%2f..%2f..%2fetc%2fpasswd',
    '..%252f..%252fetc%252fpasswd',
    '%2e%2e%2f%2e%2e%2fseg-1.m4s',
    '..%5c..%5cseg-1.m4s',
    '..\\..\\seg-1.m4s',
    'seg-1.m4s%00.mp4',
    'seg-1.m4s%2f..%2f..%2fkey.mp4',
    'seg-..m4s',
    'seg-1..m4s',
    'seg-%2e%2e%2f1.m4s',
    '.seg-1.m4s',
    'seg-1.m4s.',
    'seg-1.m4s%20',
    'SEG-1.M4S',
    'init-1.m4s',
    'seg-1.mp4',
    'media.m3u8.bak',
    `seg-${'1'.repeat(200)}.m4s`,
    '',
  ];

  it.each(TRIES)('"%s" never reaches the store', async (name) => {
    const response = await server.app.inject(`/hls/stream-1/session-1/${name}`);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    expect(errorBody.parse(response.json()).error.code).toMatch(/_not_found$|validation_failed/);
    expect(server.playback.fileRequests).toEqual([]);
  });

  it.each(['..', '%2e%2e', '..%2f..', 'a%2fb', 'a.b', 'a%00b', 'x'.repeat(65)])(
    '"%s" is neither a stream nor a session',
    async (id) => {
      for (const url of [
        `/hls/${id}/session-1/seg-1.m4s`,
        `/hls/stream-1/${id}/seg-1.m4s`,
        `/hls/stream-1/${id}/media.m3u8`,
        `/hls/${id}/index.m3u8`,
      ]) {
        const response = await server.app.inject(url);
        expect([url, response.statusCode]).toEqual([url, 404]);
        errorBody.parse(response.json());
      }
      expect(server.playback.fileRequests).toEqual([]);
      expect(server.playback.requests).toEqual([]);
    },
  );

  it.each([
    '/hls/stream-1/session-1/../../../etc/passwd',
    '/hls/stream-1/session-1/../session-1/seg-1.m4s',
    '/hls/stream-1/../stream-1/session-1/seg-1.m4s',
    '/hls/../../../../etc/passwd',
    '/hls/..\\..\\seg-1.m4s',
    '//etc/passwd',
    '/../../../../etc/passwd',
    '/./../etc/passwd',
  ])('%s is not found when it comes as it is, without a client that tidies it up', async (path) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n`);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await once(socket, 'close');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
    expect(errorBody.parse(JSON.parse(body)).error.code).toMatch(/_not_found$/);
    expect(server.playback.fileRequests).toEqual([]);
  });

  it('cannot pass the pattern of names in any spelling', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '2', 'f', 'e', '-', '\0', '\n', 'a') }),
        (middle) => {
          const name = `seg-${middle}.m4s`;
          if (PLAYBACK_FILE_NAME.test(name)) expect(name).toMatch(/^[\w.-]+$/);
          if (PLAYBACK_FILE_NAME.test(name)) expect(name).not.toContain('..');
        },
      ),
    );
    expect(PLAYBACK_FILE_NAME.test('part-12.3.m4s')).toBe(true);
    expect(PLAYBACK_FILE_NAME.test('init-0.mp4')).toBe(true);
  });
});
