/** RTMP messages (Adobe RTMP 1.0, sections 5.4 and 6) and the bodies of those that steer the protocol. */

export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAckSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  CommandAmf3: 17,
  DataAmf0: 18,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;

export interface RtmpMessage {
  /** One of `MessageType`, or a number that we do not know. */
  readonly type: number;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  /** Message stream: 0 for the connection, else what `createStream` gave out. */
  readonly streamId: number;
  /** Nobody writes to it any more. It keeps at most its own length of other memory. */
  readonly body: Buffer;
}

/** Chunk streams that we send on. The protocol reserves 2 for control (5.4); the rest is convention. */
export const ChunkStream = { Control: 2, Command: 3, Audio: 4, Data: 5, Video: 6 } as const;

/** Events of user control messages (7.1.7). */
export const UserControlEvent = { StreamBegin: 0, PingRequest: 6, PingResponse: 7 } as const;

/** Media may be large; everything else is small, and is held to the smaller cap. */
export function isMediaType(type: number): boolean {
  return type === MessageType.Video || type === MessageType.Audio || type === MessageType.Aggregate;
}

/** A control message: message stream 0, timestamp 0 (5.4). */
export function controlMessage(type: number, ...values: readonly number[]): RtmpMessage {
  const body = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    body.writeUInt32BE(value >>> 0, 4 * index);
  });
  return { type, timestamp: 0, streamId: 0, body };
}

/** Limit type 2, dynamic (5.4.5): what every server sends. */
export function setPeerBandwidth(bytes: number): RtmpMessage {
  const body = Buffer.alloc(5, 2);
  body.writeUInt32BE(bytes, 0);
  return { type: MessageType.SetPeerBandwidth, timestamp: 0, streamId: 0, body };
}

/** A user control message (RTMP 1.0, section 6.2). */
export function userControl(event: number, value: number): RtmpMessage {
  const body = Buffer.alloc(6);
  body.writeUInt16BE(event, 0);
  body.writeUInt32BE(value >>> 0, 2);
  return { type: MessageType.UserControl, timestamp: 0, streamId: 0, body };
}

/**
 * Splits an aggregate message (7.1.6): FLV tags, each with its back pointer. Times of the tags count from the first one,
 * which stands at the time of the whole. The bodies share the memory of the aggregate. A tag that ends early ends the list.
 */
export function* splitAggregate(message: RtmpMessage): Generator<RtmpMessage> {
  const { body } = message;
  let first: number | null = null;
  for (let offset = 0; offset + 11 <= body.length; ) {
    const type = body[offset]!;
    const length = body.readUIntBE(offset + 1, 3);
    const time = body.readUIntBE(offset + 4, 3) + body[offset + 7]! * 0x1000000;
    const start = offset + 11;
    if (start + length > body.length) return;
    first ??= time;
    const timestamp = (message.timestamp + time - first) >>> 0;
    yield { type, timestamp, streamId: message.streamId, body: body.subarray(start, start + length) };
    offset = start + length + 4;
  }
}
