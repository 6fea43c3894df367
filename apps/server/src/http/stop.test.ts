import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { errorBody } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { FakePlayback, startTestServer } from './testing/server.js';

async function fetchJson(port: number, path: string) {
  const [response] = (await once(get({ port, host: '127.0.0.1', path }), 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body: JSON.parse(body) };
}

describe('stopping the server', () => {
  it('answers waiting playlists at once instead of waiting for a part that never comes', async () => {
    const server = await startTestServer();
    const port = await server.listen();
    server.playback.block = new Promise(() => {});
    const asked = new Promise<void>((resolve) => {
      server.playback.requests.push = () => {
        resolve();
        return 1;
      };
    });
    const answer = fetchJson(port, '/hls/stream-1/session-1/media.m3u8?_HLS_msn=3');
    await asked;
    const closed = server.app.close();
    const { status, body } = await answer;
    expect([status, errorBody.parse(body).error.code]).toEqual([503, 'server_stopping']);
    await closed;
  });

  it('closes the live side too', async () => {
    let closed = false;
    const server = await startTestServer({
      live: {
        accept: (socket) => socket.send('welcome'),
        close: async () => {
          closed = true;
        },
      },
    });
    await server.listen();
    await server.app.close();
    expect(closed).toBe(true);
  });

  it('does not wait for ever for a client that never reads its answer', async () => {
    class Endless extends FakePlayback {
      override async file() {
        const chunk = Buffer.alloc(65_536);
        return {
          size: Number.MAX_SAFE_INTEGER,
          open: () =>
            new Readable({
              read() {
                this.push(chunk);
              },
            }),
        };
      }
    }
    const server = await startTestServer({ replace: { playback: new Endless() } });
    const port = await server.listen();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /hls/stream-1/session-1/seg-1.m4s HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket.pause();
    await server.app.close();
    socket.destroy();
  });
});
