import { describe, expect, it } from 'vitest';
import { startTestServer } from './testing/server.js';

const SESSION = '/api/streams/stream-1/sessions/session-1';

describe('recordings over HTTP', () => {
  it('are listed with what was seen and where to get them', async () => {
    await using server = await startTestServer();
    const { items } = (await server.app.inject('/api/streams/stream-1/sessions')).json();
    expect(items[0]).toMatchObject({
      onAir: true,
      classes: [{ label: 'dog', most: 2, seconds: 9 }],
      playbackUrl: '/hls/stream-1/session-1/recording.m3u8',
    });
    expect((await server.app.inject(SESSION)).json()).toEqual(items[0]);
  });

  it('are not deleted while they are on air', async () => {
    await using server = await startTestServer();
    const live = await server.app.inject({ method: 'DELETE', url: SESSION });
    expect([live.statusCode, live.json().error]).toEqual([
      409,
      {
        code: 'session_live',
        message: 'Session "session-1" is on air; it can be deleted when it has ended',
        details: { sessionId: 'session-1' },
      },
    ]);
    server.recordings.recording = { ...server.recordings.recording, onAir: false };
    expect((await server.app.inject({ method: 'DELETE', url: SESSION })).statusCode).toBe(204);
    const unknown = await server.app.inject({ method: 'DELETE', url: '/api/streams/stream-1/sessions/other' });
    expect([unknown.statusCode, unknown.json().error.code]).toEqual([404, 'session_not_found']);
  });

  it('show a picture that caches keep once it is settled', async () => {
    await using server = await startTestServer();
    const newest = await server.app.inject(`${SESSION}/picture.jpg`);
    expect([newest.headers['cache-control'], newest.headers['x-pts-ms'], newest.headers['content-type']]).toEqual([
      'no-cache',
      '5000',
      'image/jpeg',
    ]);
    const settled = await server.app.inject(`${SESSION}/picture.jpg?at=5100`);
    expect(settled.headers['cache-control']).toBe('private, max-age=86400');
    const again = await server.app.inject({
      url: `${SESSION}/picture.jpg?at=5200`,
      headers: { 'if-none-match': settled.headers.etag },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    server.recordings.picturePtsMs = null;
    const none = await server.app.inject(`${SESSION}/picture.jpg?at=5100`);
    expect([none.statusCode, none.json().error.code]).toEqual([404, 'picture_not_found']);
  });

  it('refuse moments and columns that are none', async () => {
    await using server = await startTestServer();
    const status = async (url: string) => (await server.app.inject(url)).statusCode;
    expect(await status(`${SESSION}/picture.jpg?at=-1`)).toBe(400);
    expect(await status('/api/streams/stream-1/presence?every=10')).toBe(400);
    expect(await status('/api/streams/stream-1/presence?session=session-1&from=5000&every=2000')).toBe(200);
    expect(server.recordings.queries).toMatchObject([{ session: 'session-1', from: 5000, every: 2000 }]);
  });

  it('tell what counts for the viewer, asked with the parameters of the intervals, and for sure things by default', async () => {
    await using server = await startTestServer();
    const query = 'certainty=very_sure&minScore=0.5&minStayMs=2000&labels=dog,sports%20ball&exceptLabels=cat';
    const routes = ['/api/streams/stream-1/presence', '/api/streams/stream-1/sessions', SESSION];
    for (const route of routes) {
      expect((await server.app.inject(`${route}?${query}`)).statusCode).toBe(200);
      expect((await server.app.inject(route)).statusCode).toBe(200);
      expect((await server.app.inject(`${route}?certainty=perhaps`)).statusCode).toBe(400);
    }
    const asked = {
      ...{ certainty: 'very_sure', minScore: 0.5, minStayMs: 2000 },
      ...{ labels: ['dog', 'sports ball'], exceptLabels: ['cat'] },
    };
    const byDefault = { certainty: 'sure', minScore: 0, minStayMs: 0 };
    expect(server.recordings.queries).toMatchObject(routes.flatMap(() => [asked, byDefault]));
  });

  it('play from their first segment, on air too, where the live playlist has the last minutes', async () => {
    await using server = await startTestServer();
    const playlist = await server.app.inject('/hls/stream-1/session-1/recording.m3u8');
    expect([playlist.statusCode, playlist.headers['content-type']]).toEqual([200, 'application/vnd.apple.mpegurl']);
    expect(playlist.headers['cache-control']).toBe('public, max-age=0, s-maxage=1');
    server.playback.ended = true;
    const ended = await server.app.inject('/hls/stream-1/session-1/recording.m3u8');
    expect(ended.headers['cache-control']).toBe('public, max-age=0, s-maxage=60');
    const outside = await server.app.inject('/hls/stream-1/..%2f..%2fetc/recording.m3u8');
    expect([outside.statusCode, outside.json().error.code]).toEqual([404, 'playback_not_found']);
  });
});
