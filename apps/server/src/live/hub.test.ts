import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { makeAnalysis, makeHealth, makeModel, makeNotice, makeStream } from '../testing/fixtures.js';
import { startLiveServer } from './testing/live-server.js';

describe('summaries of streams on air', () => {
  it('go to watchers alone, all of them at once', async () => {
    await using server = await startLiveServer();
    const [watcher, other] = [await server.connect(), await server.connect()];
    await watcher.watch();
    const summary = { streamId: 'stream-1', at: 1, bitrate: 2_000_000, seen: [{ label: 'person', count: 3 }] };
    const condition = { word: 'good', code: null, reason: null } as const;
    server.hub.publishSummaries([{ ...summary, condition }]);
    expect(await watcher.nextOf('summaries')).toMatchObject({ summaries: [summary] });
    expect((await other.settle()).filter(({ type }) => type === 'summaries')).toEqual([]);
  });
});

describe('a client', () => {
  it('is greeted, and answered with stream and session when it subscribes', async () => {
    await using server = await startLiveServer();
    const client = server.connectRaw();
    expect(await client.next()).toMatchObject({ type: 'hello', version: '0.1.0' });
    client.send({ type: 'subscribe', streamId: 'stream-1' });
    const stream = makeStream();
    expect(await client.next()).toEqual({ type: 'subscribed', streamId: 'stream-1', stream, session: stream.session });
  });

  it('gets analyses, health and state of the streams that it subscribed to, and of no other', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    await client.subscribe('stream-1');
    const analysis = makeAnalysis();
    server.hub.publishAnalysis(makeAnalysis({ streamId: 'stream-2' }));
    server.hub.publishHealth(makeHealth({ streamId: 'stream-2' }));
    server.hub.publishStream(makeStream({ id: 'stream-2' }));
    server.hub.publishModel(makeModel());
    server.hub.publishAnalysis(analysis);
    server.hub.publishHealth(makeHealth());
    server.hub.publishStream(makeStream({ name: 'Renamed' }));
    expect(await client.settle()).toEqual([
      { type: 'analysis', ...analysis, missed: 0 },
      { type: 'health', ...makeHealth() },
      { type: 'stream', stream: makeStream({ name: 'Renamed' }) },
    ]);
  });

  it('that watches gets the list, then every change of streams, models and notices, but no analyses', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.send({ type: 'watch' });
    const watching = await client.nextOf('watching');
    expect(watching.streams.map(({ id }) => id)).toEqual(['stream-1', 'stream-2']);
    expect(watching).toMatchObject({ notices: [makeNotice()], models: [makeModel()] });

    server.hub.publishAnalysis(makeAnalysis());
    server.hub.publishHealth(makeHealth());
    server.hub.publishStream(makeStream({ id: 'stream-2', state: 'live' }));
    server.hub.publishModel(makeModel({ state: 'fetching' }));
    server.hub.publishNotices([]);
    server.hub.publishRemoved('stream-2');
    expect((await client.settle()).map((message) => message.type)).toEqual([
      'stream',
      'model',
      'notices',
      'stream-removed',
    ]);
  });

  it('that watches and subscribes gets a state once', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    await client.watch();
    await client.subscribe('stream-1');
    server.hub.publishStream(makeStream());
    server.hub.publishRemoved('stream-1');
    expect((await client.settle()).map((message) => message.type)).toEqual(['stream', 'stream-removed']);
  });

  it('gets nothing more after it unsubscribed, or after the stream was removed', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    await client.subscribe('stream-1');
    await client.subscribe('stream-2');
    client.send({ type: 'unsubscribe', streamId: 'stream-1' });
    await client.nextOf('unsubscribed');
    server.hub.publishRemoved('stream-2');
    server.hub.publishAnalysis(makeAnalysis());
    server.hub.publishAnalysis(makeAnalysis({ streamId: 'stream-2' }));
    expect(await client.settle()).toEqual([{ type: 'stream-removed', streamId: 'stream-2' }]);
  });

  it('is told which stream does not exist, and goes on', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.send({ type: 'subscribe', streamId: 'unknown' });
    expect(await client.next()).toMatchObject({
      type: 'error',
      streamId: 'unknown',
      error: { code: 'stream_not_found', message: 'No stream has the id "unknown"' },
    });
    await client.subscribe('stream-1');
  });

  it('may subscribe twice and is answered twice, but gets every message once', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    await client.subscribe('stream-1');
    await client.subscribe('stream-1');
    server.hub.publishAnalysis(makeAnalysis());
    expect(await client.settle()).toHaveLength(1);
  });

  it('feeds the alignment metric for streams that it is subscribed to', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.send({ type: 'alignment', streamId: 'stream-1', errorsMs: [1] });
    expect(await client.next()).toMatchObject({
      type: 'error',
      error: { code: 'stream_not_found' },
      streamId: 'stream-1',
    });
    await client.subscribe('stream-1');
    client.send({ type: 'alignment', streamId: 'stream-1', errorsMs: [4.5, 12] });
    await client.settle();
    expect(server.lookups.alignments).toEqual([['stream-1', [4.5, 12]]]);
  });

  it('learns that the server failed without learning how, and the log has the cause', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    server.lookups.failure = new Error('password authentication failed');
    client.send({ type: 'subscribe', streamId: 'stream-1' });
    const message = await client.nextOf('error');
    expect(message.error.code).toBe('internal');
    expect(JSON.stringify(message)).not.toContain('password');
    expect(server.log.find((line) => line.message === 'WebSocket request failed')?.fields.client).toBe(
      message.error.details?.requestId,
    );
    server.lookups.failure = null;
    await client.subscribe('stream-1');
  });
});

describe('what happens while a stream is being looked up', () => {
  it('arrives after the answer, so that the newest state has the last word', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    const gate = withResolvers();
    server.lookups.gate = gate.promise;
    const lookup = once(server.lookups.events, 'lookup');
    client.send({ type: 'subscribe', streamId: 'stream-1' });
    await lookup;
    server.hub.publishAnalysis(makeAnalysis());
    server.hub.publishStream(makeStream({ name: 'First' }));
    server.hub.publishStream(makeStream({ name: 'Second' }));
    gate.resolve();
    expect(await client.next()).toMatchObject({ type: 'subscribed', stream: { name: 'Studio 1' } });
    expect(await client.settle()).toEqual([{ type: 'stream', stream: makeStream({ name: 'Second' }) }]);
  });

  it('may be its removal: the client is told and not subscribed', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    const gate = withResolvers();
    server.lookups.gate = gate.promise;
    const lookup = once(server.lookups.events, 'lookup');
    client.send({ type: 'subscribe', streamId: 'stream-1' });
    await lookup;
    server.hub.publishRemoved('stream-1');
    gate.resolve();
    expect(await client.next()).toMatchObject({ type: 'error', error: { code: 'stream_not_found' } });
    expect(await client.next()).toEqual({ type: 'stream-removed', streamId: 'stream-1' });
    server.hub.publishAnalysis(makeAnalysis());
    expect(await client.settle()).toEqual([]);
  });
});

describe('limits', () => {
  it('of clients: one too many is told and closed with 1013, and a place becomes free when one leaves', async () => {
    await using server = await startLiveServer({ maxClients: 1 });
    const first = await server.connect();
    expect(server.counts.clients).toBe(1);
    const second = server.connectRaw();
    expect(await second.next()).toMatchObject({ type: 'error', error: { code: 'too_many_requests' } });
    expect(await second.closed).toBe(1013);
    first.socket.close();
    await first.closed;
    await expect.poll(() => server.counts.clients).toBe(0);
    await server.connect();
  });

  it('of subscriptions: one too many is refused with its stream, and those that are there stay', async () => {
    await using server = await startLiveServer({ maxSubscriptions: 1 });
    const client = await server.connect();
    await client.subscribe('stream-1');
    client.send({ type: 'subscribe', streamId: 'stream-2' });
    expect(await client.next()).toMatchObject({
      type: 'error',
      error: { code: 'too_many_requests' },
      streamId: 'stream-2',
    });
    await client.subscribe('stream-1');
    client.send({ type: 'unsubscribe', streamId: 'stream-1' });
    await client.nextOf('unsubscribed');
    await client.subscribe('stream-2');
  });
});

describe('keeping alive', () => {
  it('pings a quiet client and keeps it', async () => {
    await using server = await startLiveServer({ heartbeatMs: 10, stuckMs: 60_000 });
    const client = await server.connect();
    for (let count = 0; count < 3; count++) await new Promise((resolve) => client.socket.once('ping', resolve));
    expect(server.hub.size).toBe(1);
  });

  it('cuts a client that does not answer', async () => {
    await using server = await startLiveServer({ heartbeatMs: 10, stuckMs: 50 });
    const client = await server.connect();
    // A socket that is not read cannot answer a ping: what a machine that fell off the network looks like.
    client.socket.pause();
    await expect.poll(() => server.hub.size).toBe(0);
    expect(server.log.find((line) => line.message === 'WebSocket client gone')?.fields).toMatchObject({
      reason: 'silent',
    });
  });
});

describe('the end', () => {
  it('is said to every client, and waited for', async () => {
    await using server = await startLiveServer();
    const clients = await Promise.all([server.connect(), server.connect()]);
    await server.hub.close();
    expect(server.hub.size).toBe(0);
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([1001, 1001]);
    expect(await server.connectRaw().closed).toBe(1001);
  });

  it('does not wait for clients that no longer read', async () => {
    await using server = await startLiveServer({ closeGraceMs: 20 });
    const client = await server.connect();
    client.socket.pause();
    await server.hub.close();
    expect(server.hub.size).toBe(0);
  });

  it('of each client is one log line with the reason', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.socket.close(1000);
    await client.closed;
    await expect.poll(() => server.log.length).toBe(1);
    expect(server.log[0]).toMatchObject({
      message: 'WebSocket client gone',
      fields: { reason: 'client left', code: 1000, missed: 0 },
    });
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
