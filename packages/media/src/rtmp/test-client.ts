import { connect, type Socket } from 'node:net';
import { type AmfValue, encodeAmf0 } from './amf0.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';
import { type Command, readCommand } from './commands.js';
import { HANDSHAKE_BYTES, openHandshake } from './handshake.js';
import { DEFAULT_RTMP_LIMITS } from './limits.js';
import { MessageType, type RtmpMessage } from './messages.js';

/** An RTMP client for tests that says exactly what it is told to, in any order, and shows all that comes back. */
export class RawClient {
  readonly messages: RtmpMessage[] = [];
  readonly closed: Promise<void>;
  readonly #reader = new ChunkReader(DEFAULT_RTMP_LIMITS);
  readonly #writer = new ChunkWriter();
  readonly #waiting = new Set<() => void>();
  #handshakeLeft = 1 + 2 * HANDSHAKE_BYTES;
  #isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isClosed = true;
        for (const look of this.#waiting) look();
        resolve();
      }),
    );
  }

  /** A connection with the handshake sent. */
  static open(port: number): RawClient {
    const client = new RawClient(connect({ host: '127.0.0.1', port }));
    client.socket.write(Buffer.concat([openHandshake('simple'), Buffer.alloc(HANDSHAKE_BYTES)]));
    return client;
  }

  /** A connection that has said `connect` and `createStream` and got its answers. */
  static async connected(port: number, properties: Record<string, AmfValue> = {}): Promise<RawClient> {
    const client = RawClient.open(port);
    client.command(0, 'connect', 1, { app: 'live', ...properties });
    client.command(0, 'createStream', 2, null);
    await client.answer(2);
    return client;
  }

  /** A connection that publishes. */
  static async publishing(port: number, key: string): Promise<RawClient> {
    const client = await RawClient.connected(port);
    client.command(1, 'publish', 3, null, key, 'live');
    await client.status('NetStream.Publish.Start');
    return client;
  }

  send(message: Partial<RtmpMessage> & { type: number }, chunkStreamId = 3): void {
    this.socket.write(
      this.#writer.encode(chunkStreamId, { timestamp: 0, streamId: 0, body: Buffer.alloc(0), ...message }),
    );
  }

  command(streamId: number, ...values: AmfValue[]): void {
    this.send({ type: MessageType.CommandAmf0, streamId, body: encodeAmf0(...values) });
  }

  video(hex: string, timestamp = 0): void {
    this.send({ type: MessageType.Video, timestamp, streamId: 1, body: bytes(hex) }, 6);
  }

  audio(hex: string, timestamp = 0): void {
    this.send({ type: MessageType.Audio, timestamp, streamId: 1, body: bytes(hex) }, 4);
  }

  get commands(): Command[] {
    return this.messages
      .filter((message) => message.type === MessageType.CommandAmf0)
      .map((message) => readCommand(message, DEFAULT_RTMP_LIMITS));
  }

  /** Codes of all `onStatus` so far. */
  get statuses(): string[] {
    return this.commands
      .filter((command) => command.name === 'onStatus')
      .map((command) => statusOf(command).code ?? '');
  }

  /** The first message that matches, when it has come. Rejects when the connection closes without it. */
  async message(matches: (message: RtmpMessage) => boolean): Promise<RtmpMessage> {
    await this.#until(() => this.messages.some(matches));
    return this.messages.find(matches)!;
  }

  async answer(transactionId: number): Promise<Command> {
    const matches = (command: Command) => command.name !== 'onStatus' && command.transactionId === transactionId;
    await this.#until(() => this.commands.some(matches));
    return this.commands.find(matches)!;
  }

  /** A command of the server's own. */
  async called(name: string): Promise<Command> {
    await this.#until(() => this.commands.some((command) => command.name === name));
    return this.commands.find((command) => command.name === name)!;
  }

  async status(code: string): Promise<{ level?: string; code?: string; description?: string }> {
    const matches = (command: Command) => command.name === 'onStatus' && statusOf(command).code === code;
    await this.#until(() => this.commands.some(matches));
    return statusOf(this.commands.find(matches)!);
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (condition()) resolve();
        else if (this.#isClosed) reject(new Error(`closed before it came; statuses: ${this.statuses.join(', ')}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #receive(data: Buffer): void {
    const skip = Math.min(this.#handshakeLeft, data.length);
    this.#handshakeLeft -= skip;
    if (skip === data.length) return;
    this.#reader.push(data.subarray(skip));
    for (let message = this.#reader.read(); message; message = this.#reader.read()) {
      if (message.type === MessageType.SetChunkSize) this.#reader.setChunkSize(message.body.readUInt32BE(0));
      this.messages.push(message);
    }
    for (const look of this.#waiting) look();
  }
}

function statusOf(command: Command): { level?: string; code?: string; description?: string } {
  return { ...(command.values[1] as Record<string, string>) };
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
