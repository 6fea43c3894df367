import { CodedError } from '@media-analyzer/protocol';
import type { RtmpLimits } from './limits.js';
import { isMediaType, type RtmpMessage } from './messages.js';

/** Both sides start with it (RTMP 1.0, 5.4.1), bytes. */
export const DEFAULT_CHUNK_SIZE = 128;
/** A timestamp field of this value says that the real one follows in four bytes (5.3.1.3). */
const EXTENDED = 0xffffff;
/** First allocation for a message, bytes: most frames fit, and 64 empty claims cost 4 MiB at most. */
const FIRST_BODY_BYTES = 64 * 1024;
/** What a message that is not copied keeps in memory at most, in its own lengths. */
const LENT_SHARE = 2;
const NOTHING = Buffer.alloc(0);
/** Bytes of the message header by chunk type (5.3.1.2). */
const HEADER_BYTES = [11, 7, 3, 0] as const;

/** The limits that concern the chunk layer. */
export type ChunkReaderLimits = Pick<
  RtmpLimits,
  'maxMessageBytes' | 'maxCommandBytes' | 'maxBufferedBytes' | 'maxChunkStreams'
>;

interface IncomingStream {
  timestamp: number;
  /** The timestamp field of the last header: a time or a difference. A type 3 chunk repeats it. */
  field: number;
  /** The field did not fit in 24 bits, so type 3 chunks may repeat it too. */
  extended: boolean;
  length: number;
  type: number;
  streamId: number;
  /** Allocated for the message in progress; never longer than `length`. Null between messages. */
  body: Buffer | null;
  received: number;
}

/**
 * Puts messages together from the chunks of a byte stream, which may be cut anywhere. Payload bytes are copied at most once,
 * from the bytes of the socket into memory of the message; memory grows with what arrived, not with what a header claims.
 * A message that came in one piece, and makes up most of what the socket gave with it, is not copied: it is a view of that.
 *
 * Use: `push` what arrived, then `read` until it returns null. After an error the stream cannot be read on.
 */
export class ChunkReader {
  readonly #limits: ChunkReaderLimits;
  readonly #streams = new Map<number, IncomingStream>();
  #chunkSize = DEFAULT_CHUNK_SIZE;
  #input: Buffer = NOTHING;
  #offset = 0;
  #current: IncomingStream | null = null;
  /** Payload bytes of the current chunk that are still to come. */
  #chunkLeft = 0;
  #bufferedBytes = 0;

  constructor(limits: ChunkReaderLimits) {
    this.#limits = limits;
  }

  /** Bytes allocated for messages that are not complete. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Takes effect at the next chunk. @throws CodedError `rtmp_protocol_violation` outside 1..2^31-1 (5.4.1). */
  setChunkSize(bytes: number): void {
    if (bytes < 1 || bytes > 0x7fffffff) throw violation(`the chunk size is ${bytes}, must be 1..2147483647`);
    this.#chunkSize = bytes;
  }

  /** Drops the partial message of a chunk stream, as an abort message asks (5.4.2). */
  abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId);
    if (stream?.body) this.#release(stream);
  }

  push(data: Buffer): void {
    // What is left over is a piece of a header, so this joins at most one header a read, and copies only then.
    this.#input = this.#offset < this.#input.length ? Buffer.concat([this.#input.subarray(this.#offset), data]) : data;
    this.#offset = 0;
  }

  /**
   * The next complete message, or null when more bytes are needed.
   *
   * @throws CodedError `rtmp_protocol_violation` or `rtmp_limit_exceeded`
   */
  read(): RtmpMessage | null {
    for (;;) {
      const stream = this.#current ?? this.#readHeader();
      if (stream === null) return null;
      if (this.#chunkLeft === stream.length && this.#canLend(stream.length)) {
        this.#current = null;
        return this.#lend(stream);
      }
      const count = Math.min(this.#chunkLeft, this.#input.length - this.#offset);
      if (count > 0) this.#copyPayload(stream, count);
      if (this.#chunkLeft > 0) {
        this.#input = NOTHING; // consumed; do not keep the socket's slab until the next read
        this.#offset = 0;
        return null;
      }
      this.#current = null;
      if (stream.received === stream.length) return this.#finish(stream);
    }
  }

  /** Parses a chunk header if all of it is there. Nothing is consumed otherwise. */
  #readHeader(): IncomingStream | null {
    const input = this.#input;
    const end = input.length;
    let offset = this.#offset;
    if (offset >= end) {
      this.#input = NOTHING;
      this.#offset = 0;
      return null;
    }
    const type = (input[offset]! >> 6) as 0 | 1 | 2 | 3;
    let id = input[offset++]! & 0x3f;
    if (id < 2) {
      const bytes = id + 1; // 5.3.1.1: one or two more bytes
      if (offset + bytes > end) return null;
      id = 64 + input[offset]! + (bytes === 2 ? 256 * input[offset + 1]! : 0);
      offset += bytes;
    }
    if (offset + HEADER_BYTES[type] > end) return null;
    const stream = this.#streams.get(id) ?? this.#newStream(id, type);
    const starts = stream.body === null;
    if (!starts && type !== 3) throw violation(`a chunk of type ${type} stands inside a message`);

    let field = type === 3 ? stream.field : input.readUIntBE(offset, 3);
    const extended = type === 3 ? stream.extended : field === EXTENDED;
    const header = offset;
    offset += HEADER_BYTES[type];
    if (extended && type === 3) {
      const repeated = this.#repeatsTimestamp(stream, offset);
      if (repeated === null) return null;
      if (repeated) offset += 4;
    } else if (extended) {
      if (offset + 4 > end) return null;
      field = input.readUInt32BE(offset);
      offset += 4;
    }
    if (starts) {
      if (type <= 1) {
        const length = input.readUIntBE(header + 3, 3);
        const messageType = input[header + 6]!;
        this.#checkLength(length, messageType);
        stream.length = length;
        stream.type = messageType;
      }
      if (type === 0) stream.streamId = input.readUInt32LE(header + 7);
      // A type 3 chunk that starts a message repeats the difference, or after a type 0 chunk its time (5.3.1.2.4).
      stream.timestamp = type === 0 ? field : (stream.timestamp + field) >>> 0;
      stream.field = field;
      stream.extended = extended;
      stream.received = 0;
    }
    this.#offset = offset;
    this.#current = stream;
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.received);
    return stream;
  }

  /**
   * Whether a type 3 chunk repeats the extended timestamp: the specification says so, several encoders do not, so the bytes
   * decide. Some repeat the header's field, some the absolute time. Null: the bytes so far agree and more are needed.
   */
  #repeatsTimestamp(stream: IncomingStream, offset: number): boolean | null {
    const available = Math.min(4, this.#input.length - offset);
    for (const expected of [stream.field, stream.timestamp]) {
      let matching = 0;
      while (matching < available && this.#input[offset + matching] === ((expected >>> (24 - 8 * matching)) & 255))
        matching++;
      if (matching === 4) return true;
      if (matching === available) return null;
    }
    return false;
  }

  #newStream(id: number, type: 0 | 1 | 2 | 3): IncomingStream {
    // Type 1 lacks only the message stream: some builds of librtmp start their control stream with it.
    if (type > 1) throw violation(`chunk stream ${id} starts with a chunk of type ${type}`);
    const limit = this.#limits.maxChunkStreams;
    if (this.#streams.size >= limit)
      throw new CodedError('rtmp_limit_exceeded', { what: 'the number of chunk streams', value: limit + 1, limit });
    const stream = {
      timestamp: 0,
      field: 0,
      extended: false,
      length: 0,
      type: 0,
      streamId: 0,
      body: null,
      received: 0,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #checkLength(length: number, type: number): void {
    const limit = isMediaType(type) ? this.#limits.maxMessageBytes : this.#limits.maxCommandBytes;
    if (length > limit)
      throw new CodedError('rtmp_limit_exceeded', {
        what: `the size of a message of type ${type}`,
        value: length,
        limit,
      });
  }

  /**
   * The next bytes of the input may become a message as they are: they are all there, and keep no more memory of others than
   * they have themselves. Node reads each time into a buffer of its own, of which it keeps what was filled.
   */
  #canLend(length: number): boolean {
    const input = this.#input;
    return length > 0 && length <= input.length - this.#offset && input.buffer.byteLength <= LENT_SHARE * length;
  }

  #lend({ type, timestamp, streamId, length }: IncomingStream): RtmpMessage {
    const end = this.#offset + length;
    const body = this.#input.subarray(this.#offset, end);
    this.#offset = end;
    this.#chunkLeft = 0;
    return { type, timestamp, streamId, body };
  }

  #copyPayload(stream: IncomingStream, count: number): void {
    const body = this.#reserve(stream, stream.received + count);
    this.#input.copy(body, stream.received, this.#offset, this.#offset + count);
    stream.received += count;
    this.#offset += count;
    this.#chunkLeft -= count;
  }

  /**
   * Memory for the first `needed` bytes of the message. Not from Node's shared pool: there, one small audio sample that
   * somebody keeps would keep 8 KiB of strangers.
   */
  #reserve(stream: IncomingStream, needed: number): Buffer {
    const old = stream.body;
    if (old && old.length >= needed) return old;
    const size = Math.min(stream.length, old ? Math.max(4 * old.length, needed) : Math.max(FIRST_BODY_BYTES, needed));
    const grown = this.#bufferedBytes + size - (old?.length ?? 0);
    const limit = this.#limits.maxBufferedBytes;
    if (grown > limit)
      throw new CodedError('rtmp_limit_exceeded', { what: 'the memory of incomplete messages', value: grown, limit });
    const body = Buffer.allocUnsafeSlow(size);
    if (old) old.copy(body, 0, 0, stream.received);
    this.#bufferedBytes = grown;
    stream.body = body;
    return body;
  }

  #finish(stream: IncomingStream): RtmpMessage {
    const body = stream.body ?? NOTHING;
    this.#release(stream);
    return { type: stream.type, timestamp: stream.timestamp, streamId: stream.streamId, body };
  }

  #release(stream: IncomingStream): void {
    this.#bufferedBytes -= stream.body?.length ?? 0;
    stream.body = null;
    stream.received = 0;
  }
}

function violation(problem: string): CodedError {
  return new CodedError('rtmp_protocol_violation', { problem });
}
