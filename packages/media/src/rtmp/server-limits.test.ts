import { connect } from 'node:net';
import { CodedError } from '@media-analyzer/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeAmf0 } from './amf0.js';
import { ChunkWriter } from './chunk-writer.js';
import { MessageType, UserControlEvent } from './messages.js';
import { RtmpPublisher } from './publisher.js';
import { RtmpServer } from './server.js';
import { RawClient } from './test-client.js';
import { collect, GOOD_KEY, startServer, type TestServer } from './test-support.js';
import type { RtmpServerOptions } from './types.js';

let target: TestServer;
const serve = async (options: Partial<RtmpServerOptions> = {}): Promise<TestServer> => {
  target = await startServer(options);
  return target;
};
afterEach(() => target.close());

describe('limits', () => {
  it('ends a peer that does not finish its handshake', async () => {
    await serve({ limits: { handshakeTimeoutMs: 30 } });
    await collect(connect({ host: '127.0.0.1', port: target.port }));
    expect((await target.nextClosing()).fields).toMatchObject({ reason: 'failed', code: 'rtmp_timeout' });
  });

  it('ends a peer that connects and does not publish, and tells it', async () => {
    await serve({ limits: { publishTimeoutMs: 60 } });
    const client = await RawClient.connected(target.port);
    await client.status('NetConnection.Connect.Closed');
    expect((await target.nextClosing()).fields).toMatchObject({ code: 'rtmp_timeout' });
  });

  it('pings a silent publisher at half of the idle time, and ends one that stays silent', async () => {
    await serve({ limits: { idleTimeoutMs: 100 } });
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    const sink = await target.nextSink();
    await client.message(({ type, body }) => type === 4 && body.readUInt16BE(0) === UserControlEvent.PingRequest);
    expect(sink.request.connection.silentMs()).toBeGreaterThanOrEqual(50);
    expect(await sink.ended).toMatchObject({ kind: 'failed', code: 'rtmp_timeout' });
  });

  it('lets the owner close a publisher that went silent, as a takeover does', async () => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    const sink = await target.nextSink();
    const { connection } = sink.request;
    connection.close('stream_key_busy');
    expect(sink.ends).toMatchObject([{ kind: 'closed', code: 'stream_key_busy' }]);
    connection.close('internal');
    expect(await client.status('NetStream.Publish.BadName')).toMatchObject({ level: 'error' });
    await client.closed;
    expect((await target.nextClosing()).fields).toMatchObject({ reason: 'closed', code: 'stream_key_busy' });
    expect(sink.ends).toHaveLength(1);
  });

  it('turns away connections beyond the cap of an address and has room again when one ends', async () => {
    await serve({ limits: { maxConnectionsPerAddress: 2 } });
    const clients = [await RawClient.connected(target.port), await RawClient.connected(target.port)];
    await RawClient.open(target.port).closed;
    expect(target.server.stats()).toMatchObject({ connections: 2, refusedConnections: 1 });
    clients[0]!.socket.end();
    await target.nextClosing();
    await clients[0]!.closed;
    await RawClient.connected(target.port);
  });

  it('ends a peer that asks and never reads', async () => {
    await serve({ limits: { maxUnsentBytes: 8 * 1024, lingerMs: 50 } });
    const client = await RawClient.connected(target.port);
    client.socket.pause();
    // A question of 30 bytes has an answer of five times that, so the buffers of the system fill quickly.
    const question = new ChunkWriter().encode(3, {
      type: MessageType.CommandAmf0,
      timestamp: 0,
      streamId: 0,
      body: encodeAmf0('x', 1),
    });
    const flood = Buffer.concat(Array.from({ length: 20_000 }, () => question));
    const ended = target.nextClosing();
    const pump = (): void => {
      while (!client.socket.destroyed && client.socket.write(flood));
    };
    client.socket.on('drain', pump);
    pump();
    expect((await ended).fields).toMatchObject({ reason: 'failed', code: 'rtmp_limit_exceeded' });
    client.socket.destroy();
  });
});

describe('the server', () => {
  it('ends every publisher when it stops, and frees its port', async () => {
    await serve();
    const publisher = new RtmpPublisher();
    await publisher.connect(target.url);
    await publisher.publish();
    const sink = await target.nextSink();
    await target.server.close();
    expect(sink.ends).toEqual([{ kind: 'server_stopped' }]);
    expect(target.server.stats()).toMatchObject({ connections: 0, publishers: 0, ends: { server_stopped: 1 } });
    const { port } = target;
    const next = new RtmpServer({ host: '127.0.0.1', port, authorize: () => ({ accept: false, code: 'internal' }) });
    expect(await next.listen()).toEqual({ host: '127.0.0.1', port });
    await next.close();
  });

  it('says which port is taken', async () => {
    await serve();
    const second = new RtmpServer({
      host: '127.0.0.1',
      port: target.port,
      authorize: () => ({ accept: false, code: 'internal' }),
    });
    const error = await second.listen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'port_in_use', details: { port: target.port, variable: 'RTMP_PORT' } });
  });

  it('writes one closing line per connection, with its totals', async () => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    client.audio('af 00 1190');
    client.audio('af 01 aa');
    client.socket.end();
    const { fields } = await target.nextClosing();
    expect(fields).toMatchObject({ reason: 'disconnected', handshake: 'simple', samples: { video: 0, audio: 1 } });
    expect(fields.bytesReceived).toBeGreaterThan(3073);
    await client.closed;
    expect(target.logs.filter((line) => line.text === 'RTMP connection closed')).toHaveLength(1);
  });
});
