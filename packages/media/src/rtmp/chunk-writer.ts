import { DEFAULT_CHUNK_SIZE } from './chunk-reader.js';
import type { RtmpMessage } from './messages.js';

const EXTENDED = 0xffffff;

interface OutgoingStream {
  timestamp: number;
  /** What the last header said: a time or a difference; a type 3 header stands for the same. */
  field: number;
  length: number;
  type: number;
  streamId: number;
}

/** Cuts messages into chunks with the shortest header that says what is needed (RTMP 1.0, 5.3.1.2). */
export class ChunkWriter {
  readonly #streams = new Map<number, OutgoingStream>();
  #chunkSize = DEFAULT_CHUNK_SIZE;

  /** Takes effect at the next message; the peer must be told before with a Set Chunk Size message. */
  setChunkSize(bytes: number): void {
    this.#chunkSize = bytes;
  }

  /**
   * The chunks of a message, in order, each as a header and its payload. Payloads are views of the body. Chunks of messages
   * on different chunk streams may be sent interleaved.
   *
   * @param chunkStreamId 2..65599
   */
  chunks(chunkStreamId: number, message: RtmpMessage): { header: Buffer; payload: Buffer }[] {
    const { header, field } = this.#firstHeader(chunkStreamId, message);
    const chunks = [{ header, payload: message.body.subarray(0, this.#chunkSize) }];
    if (message.body.length <= this.#chunkSize) return chunks;
    const next = [basicHeader(3, chunkStreamId)];
    if (field >= EXTENDED) next.push(uint32(field)); // type 3 chunks repeat it (5.3.1.3)
    const continuation = Buffer.concat(next);
    for (let offset = this.#chunkSize; offset < message.body.length; offset += this.#chunkSize)
      chunks.push({ header: continuation, payload: message.body.subarray(offset, offset + this.#chunkSize) });
    return chunks;
  }

  /** The bytes of a whole message in one buffer. */
  encode(chunkStreamId: number, message: RtmpMessage): Buffer {
    return Buffer.concat(this.chunks(chunkStreamId, message).flatMap(({ header, payload }) => [header, payload]));
  }

  #firstHeader(id: number, message: RtmpMessage): { header: Buffer; field: number } {
    const { type, timestamp, streamId, body } = message;
    const last = this.#streams.get(id);
    const delta = last ? (timestamp - last.timestamp) >>> 0 : 0;
    let chunkType: 0 | 1 | 2 | 3;
    // A step back in time is a difference of more than half the circle: it needs the absolute time of type 0.
    if (!last || last.streamId !== streamId || delta >= 0x80000000) chunkType = 0;
    else if (last.type !== type || last.length !== body.length) chunkType = 1;
    else if (last.field !== delta) chunkType = 2;
    else chunkType = 3;
    const field = chunkType === 0 ? timestamp : delta;
    this.#streams.set(id, { timestamp, field, length: body.length, type, streamId });

    const parts = [basicHeader(chunkType, id)];
    if (chunkType < 3) parts.push(uint24(Math.min(field, EXTENDED)));
    if (chunkType < 2) parts.push(uint24(body.length), Buffer.of(type));
    if (chunkType === 0) {
      const stream = Buffer.alloc(4);
      stream.writeUInt32LE(streamId);
      parts.push(stream);
    }
    if (field >= EXTENDED) parts.push(uint32(field));
    return { header: Buffer.concat(parts), field };
  }
}

function basicHeader(type: 0 | 1 | 2 | 3, id: number): Buffer {
  const high = type << 6;
  if (id < 64) return Buffer.of(high | id);
  if (id < 320) return Buffer.of(high, id - 64);
  return Buffer.of(high | 1, (id - 64) & 255, (id - 64) >> 8);
}

function uint24(value: number): Buffer {
  return Buffer.of(value >> 16, (value >> 8) & 255, value & 255);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
