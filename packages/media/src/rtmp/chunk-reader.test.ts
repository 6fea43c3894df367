import { CodedError } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkReader, type ChunkReaderLimits } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';
import { MessageType, type RtmpMessage } from './messages.js';

const LIMITS: ChunkReaderLimits = {
  maxMessageBytes: 1024 * 1024,
  maxCommandBytes: 64 * 1024,
  maxBufferedBytes: 2 * 1024 * 1024,
  maxChunkStreams: 8,
};

const readAll = (reader: ChunkReader): RtmpMessage[] => {
  const messages: RtmpMessage[] = [];
  for (let message = reader.read(); message; message = reader.read()) messages.push(message);
  return messages;
};

const message = (fields: Partial<RtmpMessage>): RtmpMessage => ({
  type: MessageType.Video,
  timestamp: 0,
  streamId: 1,
  body: Buffer.alloc(0),
  ...fields,
});

/** Times that meet every rule: small steps, repeats, the edge of 24 bits, the wrap at 32. */
const timestamp = fc.oneof(
  fc.nat(200),
  fc.constantFrom(0, 0xfffffe, 0xffffff, 0x1000000, 0x1000028, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff),
  fc.nat(0xffffffff),
);
const anyMessage = fc.record({
  chunkStreamId: fc.constantFrom(2, 3, 6, 63, 64, 319, 320, 65599),
  type: fc.constantFrom(MessageType.Video, MessageType.Audio, MessageType.DataAmf0),
  timestamp,
  streamId: fc.constantFrom(0, 1, 0x01020304),
  body: fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
});

describe('ChunkReader', () => {
  it('reads back what ChunkWriter wrote, at any chunk size, interleaved in any way and cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 900 }),
        fc.infiniteStream(fc.nat()),
        (messages, chunkSize, choices) => {
          const writer = new ChunkWriter();
          writer.setChunkSize(chunkSize);
          const queues = new Map<number, Buffer[]>();
          for (const { chunkStreamId, ...rest } of messages) {
            const queue = queues.get(chunkStreamId) ?? [];
            queues.set(chunkStreamId, queue);
            for (const { header, payload } of writer.chunks(chunkStreamId, rest))
              queue.push(Buffer.concat([header, payload]));
          }
          const wire: Buffer[] = [];
          while (queues.size > 0) {
            const ids = [...queues.keys()];
            const id = ids[choices.next().value % ids.length]!;
            const queue = queues.get(id)!;
            wire.push(queue.shift()!);
            if (queue.length === 0) queues.delete(id);
          }
          const bytes = Buffer.concat(wire);

          const reader = new ChunkReader(LIMITS);
          reader.setChunkSize(chunkSize);
          const received: RtmpMessage[] = [];
          for (let offset = 0; offset < bytes.length; ) {
            const size = 1 + (choices.next().value % 50);
            reader.push(bytes.subarray(offset, offset + size));
            received.push(...readAll(reader));
            offset += size;
          }

          const key = ({ type, timestamp, streamId, body }: RtmpMessage): string =>
            `${type} ${timestamp} ${streamId} ${body.toString('hex')}`;
          expect(received.map(key).sort()).toEqual(messages.map(key).sort());
          expect(reader.bufferedBytes).toBe(0);
        },
      ),
    );
  });

  it('answers arbitrary bytes with a protocol error at worst, and never holds more than its cap', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      anyMessage.map(({ chunkStreamId, ...rest }) => new ChunkWriter().encode(chunkStreamId, rest)),
    );
    const limits = { ...LIMITS, maxBufferedBytes: 100_000 };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const reader = new ChunkReader(limits);
        try {
          for (const bytes of pieces) {
            reader.push(bytes);
            for (const { body } of readAll(reader)) expect(body.length).toBeLessThanOrEqual(limits.maxMessageBytes);
            expect(reader.bufferedBytes).toBeLessThanOrEqual(limits.maxBufferedBytes);
          }
        } catch (error) {
          if (!(error instanceof CodedError)) throw error;
          expect(['rtmp_protocol_violation', 'rtmp_limit_exceeded']).toContain(error.code);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('uses each of the four header types where it is the shortest', () => {
    const writer = new ChunkWriter();
    const body = Buffer.alloc(10);
    const types = [
      message({ timestamp: 1000, body }),
      message({ timestamp: 1040, body: Buffer.alloc(11) }),
      message({ timestamp: 1070, body: Buffer.alloc(11) }),
      message({ timestamp: 1100, body: Buffer.alloc(11) }),
    ].map((each) => writer.encode(4, each)[0]! >> 6);
    expect(types).toEqual([0, 1, 2, 3]);
  });

  it('takes the time of a type 0 chunk as the step of a type 3 chunk that starts a message', () => {
    const reader = new ChunkReader(LIMITS);
    const first = new ChunkWriter().encode(4, message({ timestamp: 40, body: Buffer.of(1) }));
    reader.push(Buffer.concat([first, Buffer.of(0xc4, 2), Buffer.of(0xc4, 3)]));
    expect(readAll(reader).map((each) => each.timestamp)).toEqual([40, 80, 120]);
  });

  it.each([
    ['the field', 0x1000028],
    ['nothing', null],
  ])('reads a long message whose continuation chunks repeat %s of an extended time', (_, repeated) => {
    const body = Buffer.from(Array.from({ length: 300 }, (_each, index) => index & 255));
    const header = Buffer.from('04ffffff00012c090100000001000028', 'hex');
    const again = repeated === null ? Buffer.alloc(0) : Buffer.from('01000028', 'hex');
    const wire = Buffer.concat([
      header,
      body.subarray(0, 128),
      Buffer.of(0xc4),
      again,
      body.subarray(128, 256),
      Buffer.of(0xc4),
      again,
      body.subarray(256),
    ]);
    for (const pieceSize of [1, 7, wire.length]) {
      const reader = new ChunkReader(LIMITS);
      const received: RtmpMessage[] = [];
      for (let offset = 0; offset < wire.length; offset += pieceSize) {
        reader.push(wire.subarray(offset, offset + pieceSize));
        received.push(...readAll(reader));
      }
      expect(received).toEqual([{ type: 9, timestamp: 0x1000028, streamId: 1, body }]);
    }
  });

  it('allocates for what arrived and not for what a header claims', () => {
    const reader = new ChunkReader(LIMITS);
    reader.push(Buffer.from('040000000fffff09010000000102030405', 'hex'));
    expect(reader.read()).toBeNull();
    expect(reader.bufferedBytes).toBeGreaterThan(0);
    expect(reader.bufferedBytes).toBeLessThanOrEqual(64 * 1024);
  });

  it('gives a small message memory of its own, so that it does not keep what came with it', () => {
    const writer = new ChunkWriter();
    const input = Buffer.concat([1, 2].map((byte) => writer.encode(4, message({ body: Buffer.alloc(60, byte) }))));
    const reader = new ChunkReader(LIMITS);
    reader.push(input);
    const { body } = reader.read()!;
    input.fill(0);
    expect([...body]).toEqual(Array(60).fill(1));
    expect(body.buffer.byteLength).toBe(60);
  });

  it('does not copy a message that is most of what was read', () => {
    const input = Buffer.allocUnsafeSlow(112);
    new ChunkWriter().encode(4, message({ body: Buffer.alloc(100, 7) })).copy(input);
    const reader = new ChunkReader(LIMITS);
    reader.push(input);
    const { body } = reader.read()!;
    expect([...body]).toEqual(Array(100).fill(7));
    expect(body.buffer).toBe(input.buffer);
    expect(reader.bufferedBytes).toBe(0);
    expect(reader.read()).toBeNull();
  });

  it('forgets a partial message when the peer aborts it', () => {
    const reader = new ChunkReader(LIMITS);
    const writer = new ChunkWriter();
    const [first] = writer.chunks(4, message({ body: Buffer.alloc(500, 1) }));
    reader.push(Buffer.concat([first!.header, first!.payload]));
    expect(reader.read()).toBeNull();
    reader.abort(4);
    expect(reader.bufferedBytes).toBe(0);
    reader.push(new ChunkWriter().encode(4, message({ body: Buffer.of(9) })));
    expect(reader.read()?.body).toEqual(Buffer.of(9));
  });

  it.each<[string, string, string]>([
    ['a media message over its cap', '040000001000010901000000', 'rtmp_limit_exceeded'],
    ['a command over its cap', '040000000100011401000000', 'rtmp_limit_exceeded'],
    ['a stream that starts without a length', '8400000a', 'rtmp_protocol_violation'],
    ['a stream that starts with nothing at all', 'c4', 'rtmp_protocol_violation'],
    [
      'a new header inside a message',
      `040000000000ff0901000000${'00'.repeat(128)}04000000000001090100000000`,
      'rtmp_protocol_violation',
    ],
  ])('refuses %s', (_, hex, code) => {
    const reader = new ChunkReader(LIMITS);
    reader.push(Buffer.from(hex, 'hex'));
    expect(() => readAll(reader)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses more chunk streams than allowed', () => {
    const reader = new ChunkReader(LIMITS);
    for (let id = 2; id < 2 + LIMITS.maxChunkStreams; id++) {
      reader.push(new ChunkWriter().encode(id, message({ body: Buffer.of(1) })));
      expect(readAll(reader)).toHaveLength(1);
    }
    reader.push(new ChunkWriter().encode(40, message({ body: Buffer.of(1) })));
    expect(() => readAll(reader)).toThrow(expect.objectContaining({ code: 'rtmp_limit_exceeded' }));
  });

  it('refuses partial messages that together pass the cap of the connection', () => {
    const reader = new ChunkReader({ ...LIMITS, maxBufferedBytes: 150_000 });
    const claim = (id: number): Buffer => Buffer.from(`0${id}0000000fffff090100000001`, 'hex');
    const body = Buffer.alloc(127);
    reader.push(Buffer.concat([claim(2), body, claim(3), body]));
    expect(reader.read()).toBeNull();
    reader.push(Buffer.concat([claim(4), body]));
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'rtmp_limit_exceeded' }));
    expect(reader.bufferedBytes).toBeLessThanOrEqual(150_000);
  });

  it.each([0, 0x80000000])('refuses a chunk size of %d', (bytes) => {
    expect(() => new ChunkReader(LIMITS).setChunkSize(bytes)).toThrow(
      expect.objectContaining({ code: 'rtmp_protocol_violation' }),
    );
  });
});
