/** HTTP server and live hub together, as the `api` role wires them, over real sockets. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { MAX_CLIENT_MESSAGE_BYTES } from '@media-analyzer/protocol';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from './http/testing/server.js';
import { LiveHub } from './live/hub.js';
import { createMetrics } from './metrics.js';
import { makeAnalysis, makeStream } from './testing/fixtures.js';

const metrics = createMetrics();
let hub: LiveHub;
let server: TestServer;
let port: number;

beforeEach(async () => {
  hub = new LiveHub({
    lookups: {
      getStream: async (id) => (id === 'stream-1' ? makeStream() : null),
      listStreams: async () => [makeStream()],
      notices: () => [],
      refusals: () => [],
      models: () => [],
      reportAlignment: () => {},
    },
    metrics,
    log: pino({ level: 'silent' }),
    version: '0.1.0',
  });
  server = await startTestServer({ live: hub, metrics });
  port = await server.listen();
});
afterEach(() => server.app.close());

async function open(
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; read(): Promise<{ type: string }> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
  const messages: { type: string }[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    wake();
  });
  const read = async () => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return messages.shift() as { type: string };
  };
  await once(socket, 'open');
  return { socket, read };
}

describe('the surface that browsers see', () => {
  it('carries an analysis from the hub to a page of ours', async () => {
    const { socket, read } = await open({ origin: `http://127.0.0.1:${port}` });
    expect((await read()).type).toBe('hello');
    socket.send(JSON.stringify({ type: 'subscribe', streamId: 'stream-1' }));
    expect((await read()).type).toBe('subscribed');
    hub.publishAnalysis(makeAnalysis());
    expect(await read()).toEqual({ type: 'analysis', ...makeAnalysis(), missed: 0 });
    expect((await server.app.inject('/metrics')).body).toContain('media_analyzer_websocket_clients 1');
    socket.terminate();
  });

  it('lets no foreign page as far as the hub', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { origin: 'https://evil.example' } });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    expect(hub.size).toBe(0);
    socket.terminate();
  });

  it.each([MAX_CLIENT_MESSAGE_BYTES + 1, 1024 * 1024])('closes with 1009 for a message of %d bytes', async (bytes) => {
    const { socket } = await open();
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.send('x'.repeat(bytes));
    expect((await closed)[0]).toBe(1009);
  });

  it('ends in order: a goodbye with 1001 to every page, then no more connections', async () => {
    const { socket } = await open();
    const closed = once(socket, 'close');
    await server.app.close();
    expect((await closed)[0]).toBe(1001);
    const late = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    const [error] = await once(late, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
