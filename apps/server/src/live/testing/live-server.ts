/** A hub behind a real WebSocket server, and clients that a test can read message by message. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { type ClientMessage, type ServerMessage, type Stream, serverMessage } from '@media-analyzer/protocol';
import { WebSocket, WebSocketServer } from 'ws';
import { makeModel, makeNotice, makeStream } from '../../testing/fixtures.js';
import { LiveHub, type LiveLookups } from '../hub.js';
import type { LiveLimits } from '../limits.js';

export class FakeLookups implements LiveLookups {
  readonly streams = new Map<string, Stream>([
    ['stream-1', makeStream()],
    ['stream-2', makeStream({ id: 'stream-2', name: 'Studio 2', state: 'offline', session: null })],
  ]);
  readonly alignments: [streamId: string, errorsMs: readonly number[]][] = [];
  /** Lookups wait for it, so that a test can do something meanwhile. */
  gate: Promise<void> = Promise.resolve();
  failure: Error | null = null;
  /** `lookup` when a stream is being looked up. */
  readonly events = new EventEmitter();

  async getStream(streamId: string) {
    const found = this.streams.get(streamId) ?? null;
    this.events.emit('lookup');
    await this.gate;
    if (this.failure !== null) throw this.failure;
    return found;
  }

  async listStreams() {
    const found = [...this.streams.values()];
    await this.gate;
    return found;
  }

  refusals() {
    return [];
  }

  notices() {
    return [makeNotice()];
  }

  models() {
    return [makeModel()];
  }

  reportAlignment(streamId: string, errorsMs: readonly number[]) {
    this.alignments.push([streamId, errorsMs]);
  }
}

/** Keeps every message until the test asks for it; each is checked against the protocol. */
export class TestClient {
  readonly received: ServerMessage[] = [];
  readonly #events = new EventEmitter();
  #read = 0;
  /** Settles with the close code. */
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('the server sent a binary message');
      this.received.push(serverMessage.parse(JSON.parse(String(data))));
      this.#events.emit('message');
    });
  }

  send(message: ClientMessage): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** The next message that was not read yet. */
  async next(): Promise<ServerMessage> {
    while (this.#read >= this.received.length) await once(this.#events, 'message');
    return this.received[this.#read++] as ServerMessage;
  }

  /** The next message of a type; those before it are skipped. */
  async nextOf<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    for (;;) {
      const message = await this.next();
      if (message.type === type) return message as Extract<ServerMessage, { type: T }>;
    }
  }

  /** All that has arrived when the answer to a ping does: what was sent before is then here. */
  async settle(): Promise<ServerMessage[]> {
    const at = Math.random();
    const start = this.#read;
    this.send({ type: 'ping', at });
    for (;;) {
      const message = await this.next();
      if (message.type === 'pong' && message.at === at) return this.received.slice(start, this.#read - 1);
    }
  }

  async subscribe(streamId: string): Promise<void> {
    this.send({ type: 'subscribe', streamId });
    await this.nextOf('subscribed');
  }

  async watch(): Promise<void> {
    this.send({ type: 'watch' });
    await this.nextOf('watching');
  }
}

export interface LiveServer extends AsyncDisposable {
  readonly hub: LiveHub;
  readonly lookups: FakeLookups;
  /** Values of the metrics. */
  readonly counts: { clients: number; missed: number };
  readonly log: { fields: Record<string, unknown>; message: string }[];
  /** Connects; resolves after `hello`. */
  connect(): Promise<TestClient>;
  /** Connects without waiting for anything. */
  connectRaw(): TestClient;
}

export async function startLiveServer(limits: Partial<LiveLimits> = {}): Promise<LiveServer> {
  const lookups = new FakeLookups();
  const counts = { clients: 0, missed: 0 };
  const log: LiveServer['log'] = [];
  const write = (fields: object, message: string) => {
    log.push({ fields: { ...fields }, message });
  };
  const hub = new LiveHub({
    lookups,
    metrics: {
      websocketClients: {
        set: (value) => {
          counts.clients = value;
        },
      },
      websocketMissed: {
        inc: (value) => {
          counts.missed += value;
        },
      },
    },
    log: { info: write, error: write },
    version: '0.1.0',
    limits,
  });
  const http = createServer();
  const server = new WebSocketServer({ server: http, maxPayload: 256 * 1024 });
  server.on('connection', (socket, request) => hub.accept(socket, { address: request.socket.remoteAddress ?? '' }));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  const connectRaw = () => new TestClient(new WebSocket(`ws://127.0.0.1:${address.port}/ws`));
  return {
    hub,
    lookups,
    counts,
    log,
    connectRaw,
    connect: async () => {
      const client = connectRaw();
      await client.nextOf('hello');
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
