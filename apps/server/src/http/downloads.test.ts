import { describe, expect, it } from 'vitest';
import { disposition, fileName } from './downloads.js';
import { SEGMENT, startTestServer } from './testing/server.js';

const URL = '/api/streams/stream-1/sessions/session-1/download.mp4';

describe('a download', () => {
  it('has its length, a name that says what it is, and goes on where it broke', async () => {
    await using server = await startTestServer();
    const whole = await server.app.inject(URL);
    expect([whole.statusCode, whole.headers['content-length'], whole.headers['content-type']]).toEqual([
      200,
      String(SEGMENT.length),
      'video/mp4',
    ]);
    expect(whole.headers['content-disposition']).toContain('filename="Studio 1 2026-09-21 14-13-20Z.mp4"');
    const rest = await server.app.inject({
      url: URL,
      headers: { range: 'bytes=990-', 'if-range': String(whole.headers.etag) },
    });
    expect([rest.statusCode, rest.headers['content-range'], rest.rawPayload.length]).toEqual([
      206,
      'bytes 990-999/1000',
      10,
    ]);
    const changed = await server.app.inject({ url: URL, headers: { range: 'bytes=990-', 'if-range': '"other"' } });
    expect(changed.statusCode).toBe(200);
    expect((await server.app.inject({ url: URL, headers: { range: 'bytes=5000-' } })).statusCode).toBe(416);
  });

  it('is asked for in parts when it is none', async () => {
    await using server = await startTestServer();
    server.recordings.recording = { ...server.recordings.recording, parts: 2 };
    const refused = await server.app.inject(URL);
    expect([refused.statusCode, refused.json().error.code, refused.json().error.details]).toEqual([
      409,
      'download_in_parts',
      { sessionId: 'session-1', parts: 2 },
    ]);
    expect((await server.app.inject(`${URL}?part=2`)).statusCode).toBe(200);
    expect((await server.app.inject(`${URL}?part=0`)).statusCode).toBe(400);
  });

  it('is named so that every file system takes it, and no header breaks', () => {
    expect(fileName('a/b:"c"\r\n', 0)).toBe('a b c 1970-01-01 00-00-00Z.mp4');
    expect(fileName('///', 0, 2)).toBe('recording 1970-01-01 00-00-00Z part 2.mp4');
    expect(disposition('Küche "1".mp4')).toBe(
      `attachment; filename="K_che _1_.mp4"; filename*=UTF-8''K%C3%BCche%20%221%22.mp4`,
    );
  });
});
