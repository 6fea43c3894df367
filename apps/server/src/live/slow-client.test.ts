import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Analysis, ServerMessage } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { makeAnalysis, makeHealth, makeStream } from '../testing/fixtures.js';
import { startLiveServer } from './testing/live-server.js';

/** As large as the analysis of a crowd, about 20 kB, but quick to check. */
const detections = [
  { label: 'person '.repeat(2900), score: 0.5, box: [0, 0, 1, 1] as [number, number, number, number], trackId: 1 },
];
const crowd = (ptsMs: number, streamId = 'stream-1'): Analysis => makeAnalysis({ ptsMs, streamId, detections });
const CROWD_BYTES = Buffer.byteLength(JSON.stringify(crowd(0)));
const MAX_BUFFERED = 64 * 1024;

type Live = Extract<ServerMessage, { type: 'analysis' }>;
const analysesOf = (messages: readonly ServerMessage[]) =>
  messages.filter((message): message is Live => message.type === 'analysis');

describe('a client that does not read', () => {
  it('costs bounded memory however long it lasts, then gets the newest and the count of what it missed', async () => {
    await using server = await startLiveServer({ maxBufferedBytes: MAX_BUFFERED });
    const slow = await server.connect();
    await slow.subscribe('stream-1');
    await slow.subscribe('stream-2');
    slow.socket.pause();

    // More than all socket buffers of the system hold (loopback takes a few MB): 60 MB.
    const count = 3000;
    let most = 0;
    for (let index = 1; index <= count; index++) {
      server.hub.publishAnalysis(crowd(index));
      if (index % 100 === 0) server.hub.publishAnalysis(crowd(index, 'stream-2'));
      server.hub.publishHealth(makeHealth({ uptimeMs: index }));
      most = Math.max(most, server.hub.waitingBytes);
      await nextTurn();
    }
    // What may wait in the socket, the message that crossed the bound, and the newest of each stream and of the health.
    expect(most).toBeLessThan(MAX_BUFFERED + 3 * CROWD_BYTES + 10_000);
    expect(server.counts.missed).toBeGreaterThan(0);

    slow.socket.resume();
    const messages = await slow.settle();
    const got = analysesOf(messages).filter(({ streamId }) => streamId === 'stream-1');
    expect(got.at(-1)?.ptsMs).toBe(count);
    expect(got.length + got.reduce((sum, { missed }) => sum + missed, 0)).toBe(count);
    expect(got.length).toBeLessThan(count);
    expect(
      analysesOf(messages)
        .filter(({ streamId }) => streamId === 'stream-2')
        .at(-1)?.ptsMs,
    ).toBe(count);
    const healths = messages.filter((message) => message.type === 'health');
    expect(healths.at(-1)).toMatchObject({ uptimeMs: count });

    // Once it keeps up again it misses nothing more.
    server.hub.publishAnalysis(makeAnalysis({ ptsMs: count + 1 }));
    expect(analysesOf(await slow.settle())).toMatchObject([{ ptsMs: count + 1, missed: 0 }]);
  });

  it('does not keep others from getting everything', async () => {
    await using server = await startLiveServer();
    const slow = await server.connect();
    const quick = await server.connect();
    await slow.subscribe('stream-1');
    await quick.subscribe('stream-1');
    slow.socket.pause();
    const count = 1000;
    for (let index = 1; index <= count; index++) {
      server.hub.publishAnalysis(crowd(index));
      // The quick one reads as they come.
      await quick.nextOf('analysis');
    }
    expect(analysesOf(quick.received).map(({ ptsMs, missed }) => [ptsMs, missed])).toEqual(
      Array.from({ length: count }, (_, index) => [index + 1, 0]),
    );
    expect(server.counts.missed).toBeGreaterThan(0);
  });

  it('gets the removal of a stream instead of states that are no longer true', async () => {
    await using server = await startLiveServer({ maxBufferedBytes: 1024 });
    const client = await server.connect();
    await client.watch();
    client.socket.pause();
    const long = 'x'.repeat(100);
    for (let index = 0; index < 20_000 && server.hub.waitingBytes < 4096; index++) {
      server.hub.publishStream(makeStream({ id: 'stream-9', name: `${index} ${long}`, ingestUrl: 'y'.repeat(10_000) }));
      await nextTurn();
    }
    expect(server.hub.waitingBytes).toBeGreaterThanOrEqual(4096);
    server.hub.publishStream(makeStream({ name: 'Old' }));
    server.hub.publishStream(makeStream({ name: 'New' }));
    server.hub.publishStream(makeStream({ id: 'stream-2', name: 'Gone' }));
    server.hub.publishRemoved('stream-2');
    client.socket.resume();
    const messages = await client.settle();
    expect(messages.slice(-2)).toEqual([
      { type: 'stream', stream: makeStream({ name: 'New' }) },
      { type: 'stream-removed', streamId: 'stream-2' },
    ]);
  });

  it('is cut when it takes nothing for too long although something waits for it', async () => {
    await using server = await startLiveServer({ heartbeatMs: 20, stuckMs: 300 });
    const client = await server.connect();
    await client.subscribe('stream-1');
    client.socket.pause();
    for (let index = 0; server.hub.size > 0; index++) {
      server.hub.publishAnalysis(crowd(index));
      await nextTurn();
    }
    await expect
      .poll(() => server.log.find((line) => line.message === 'WebSocket client gone')?.fields.reason)
      .toBe('stuck');
    expect(server.hub.waitingBytes).toBe(0);
    expect(server.counts.clients).toBe(0);
  });

  it('is not read from either: asking without reading fills no memory', async () => {
    await using server = await startLiveServer({ maxBufferedBytes: 1024 });
    const name = 'z'.repeat(10_000);
    for (let index = 0; index < 20; index++)
      server.lookups.streams.set(`big-${index}`, makeStream({ id: `big-${index}`, name }));
    const client = await server.connect();
    client.socket.pause();
    // Each asks for a list of 200 kB: 40 MB of answers.
    const count = 200;
    for (let index = 0; index < count; index++) client.send({ type: 'watch' });
    let most = 0;
    for (let turn = 0; turn < 2000; turn++) {
      await nextTurn();
      most = Math.max(most, server.hub.waitingBytes);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(1_000_000);
    // Nothing was thrown away either: who reads on gets every answer.
    client.socket.resume();
    for (let index = 0; index < count; index++) await client.nextOf('watching');
  });
});
