import { MAX_CLIENT_MESSAGE_BYTES, type ServerMessage } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startLiveServer } from './testing/live-server.js';

describe('a message that makes no sense', () => {
  it.each([
    ['no JSON', '{"type":', 'it is not JSON'],
    ['nothing', '', 'it is not JSON'],
    ['null', 'null', 'message'],
    ['a number', '42', 'message'],
    ['a list', '[]', 'message'],
    ['an unknown type', '{"type":"reboot"}', 'type'],
    ['a stream id that is none', '{"type":"subscribe","streamId":"../x"}', 'streamId'],
    ['a missing field', '{"type":"subscribe"}', 'streamId'],
    ['an alignment out of range', '{"type":"alignment","streamId":"stream-1","errorsMs":[-1]}', 'errorsMs.0'],
    ['an alignment without values', '{"type":"alignment","streamId":"stream-1","errorsMs":[]}', 'errorsMs'],
  ])('(%s) is answered by what is wrong with it, and the connection stays', async (_what, text, problem) => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.sendRaw(text);
    const answer = await client.nextOf('error');
    expect(answer.error.code).toBe('message_invalid');
    expect(answer.error.message).toContain(problem);
    await client.subscribe('stream-1');
  });

  it('may be binary, which is not read at all', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.sendRaw(Buffer.from('{"type":"watch"}'));
    expect((await client.nextOf('error')).error).toMatchObject({
      code: 'message_invalid',
      message: expect.stringContaining('binary'),
    });
    await client.subscribe('stream-1');
  });

  it('too many times in a row ends the connection with 1008', async () => {
    await using server = await startLiveServer({ maxInvalidInARow: 3 });
    const client = await server.connect();
    for (let index = 0; index < 3; index++) client.sendRaw('garbage');
    expect(await client.closed).toBe(1008);
    expect(client.received.filter((message) => message.type === 'error')).toHaveLength(3);
    await expect.poll(() => server.log.at(-1)?.fields.reason).toBe('too many invalid messages');
  });

  it('now and then between good ones does not', async () => {
    await using server = await startLiveServer({ maxInvalidInARow: 3 });
    const client = await server.connect();
    for (let index = 0; index < 10; index++) {
      client.sendRaw('garbage');
      client.sendRaw('garbage');
      client.send({ type: 'ping', at: index });
    }
    expect((await client.settle()).filter((message) => message.type === 'error')).toHaveLength(20);
  });
});

describe('a message that is too large', () => {
  const exactly = (bytes: number) => {
    const frame = JSON.stringify({ type: 'ping', at: 1, pad: '' });
    return JSON.stringify({ type: 'ping', at: 1, pad: 'x'.repeat(bytes - frame.length) });
  };

  it('is refused with its limit and ends the connection with 1009', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.sendRaw(exactly(MAX_CLIENT_MESSAGE_BYTES + 1));
    expect((await client.nextOf('error')).error).toMatchObject({
      code: 'message_too_large',
      details: { limitBytes: MAX_CLIENT_MESSAGE_BYTES },
    });
    expect(await client.closed).toBe(1009);
  });

  it('is not one at exactly the limit', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.sendRaw(exactly(MAX_CLIENT_MESSAGE_BYTES));
    await client.nextOf('pong');
  });

  it('by far is not even taken in: 1009 at once', async () => {
    await using server = await startLiveServer();
    const client = await server.connect();
    client.sendRaw('x'.repeat(1024 * 1024));
    expect(await client.closed).toBe(1009);
    await expect.poll(() => server.counts.clients).toBe(0);
  });
});

describe('any bytes at all', () => {
  it('get an answer of the protocol or a close code, and the hub goes on', async () => {
    await using server = await startLiveServer();
    const watcher = await server.connect();
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            type: fc.oneof(
              fc.constantFrom('subscribe', 'unsubscribe', 'watch', 'ping', 'alignment', '__proto__', 'constructor'),
              fc.string(),
            ),
            streamId: fc.oneof(fc.constantFrom('stream-1', 'stream-2', 'unknown'), fc.anything()),
            at: fc.anything(),
            errorsMs: fc.anything(),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner))),
    );
    const message = fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 25 }), async (messages) => {
        const client = await server.connect();
        for (const data of messages) client.sendRaw(data ?? '');
        const at = -1;
        client.send({ type: 'ping', at });
        // `received` holds only what passed the protocol's schema: the client throws on anything else.
        const answered = async (): Promise<ServerMessage> => {
          for (;;) {
            const answer = await client.next();
            if (answer.type === 'pong' && answer.at === at) return answer;
          }
        };
        const outcome = await Promise.race([answered(), client.closed]);
        expect(typeof outcome === 'number' ? outcome : outcome.type).toSatisfy(
          (value) => value === 'pong' || value === 1008,
        );
        client.socket.terminate();
      }),
      { numRuns: 60 },
    );
    await watcher.subscribe('stream-1');
    expect(server.log.filter((line) => line.message === 'WebSocket request failed')).toEqual([]);
  });
});
