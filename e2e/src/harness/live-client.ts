import { type ClientMessage, type ServerMessage, serverMessage } from '@media-analyzer/protocol';
import WebSocket from 'ws';
import { within } from './wait.js';

type MessageType = ServerMessage['type'];
/** The server message of one type. */
export type MessageOf<T extends MessageType> = Extract<ServerMessage, { type: T }>;
/** A message and when it arrived here, Unix ms with fractions. */
export type Received<M extends ServerMessage = ServerMessage> = M & { readonly receivedAt: number };

/** A WebSocket client that checks each server message against the protocol and keeps all of them. */
export class LiveClient {
  readonly messages: Received[] = [];
  /** Messages that break the protocol; a test asserts that there are none. */
  readonly violations: string[] = [];
  private readonly listeners = new Set<(message: Received) => void>();

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => this.take(String(data)));
  }

  /** @throws Error when the server refuses the connection. */
  static async connect(baseUrl: string, options: { headers?: Record<string, string> } = {}): Promise<LiveClient> {
    const socket = new WebSocket(`${baseUrl.replace(/^http/, 'ws')}/ws`, { headers: options.headers ?? {} });
    const client = new LiveClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    return client;
  }

  /** Connects and subscribes to one stream. */
  static async subscribe(baseUrl: string, streamId: string): Promise<LiveClient> {
    const client = await LiveClient.connect(baseUrl);
    const answer = client.next('subscribed', { withinMs: 5000 });
    client.send({ type: 'subscribe', streamId });
    await answer;
    return client;
  }

  send(message: ClientMessage): void {
    this.sendRaw(JSON.stringify(message));
  }

  /** For garbage. */
  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** All messages of one type so far. */
  of<T extends MessageType>(type: T): Received<MessageOf<T>>[] {
    return this.messages.filter((message): message is Received<MessageOf<T>> => message.type === type);
  }

  /** The next message of a type that arrives from now on and for which `accept` holds. */
  async next<T extends MessageType>(
    type: T,
    { withinMs, accept = () => true }: { withinMs: number; accept?: (message: Received<MessageOf<T>>) => boolean },
  ): Promise<Received<MessageOf<T>>> {
    let stop = (): void => {};
    const found = new Promise<Received<MessageOf<T>>>((resolve) => {
      const isOfType = (message: Received): message is Received<MessageOf<T>> => message.type === type;
      const listener = (message: Received): void => {
        if (isOfType(message) && accept(message)) resolve(message);
      };
      this.listeners.add(listener);
      stop = () => this.listeners.delete(listener);
    });
    try {
      return await within(found, { what: `"${type}" message`, withinMs });
    } finally {
      stop();
    }
  }

  /** Settles with the close code when the server closes. */
  closed(withinMs: number): Promise<number> {
    const closed = new Promise<number>((resolve) => this.socket.once('close', (code) => resolve(code)));
    return within(closed, { what: 'close by the server', withinMs });
  }

  close(): void {
    this.socket.terminate();
  }

  private take(text: string): void {
    const receivedAt = performance.timeOrigin + performance.now();
    const parsed = serverMessage.safeParse(JSON.parse(text));
    if (!parsed.success) {
      this.violations.push(`${parsed.error.message} in ${text.slice(0, 300)}`);
      return;
    }
    const message = { ...parsed.data, receivedAt };
    this.messages.push(message);
    for (const listener of this.listeners) listener(message);
  }
}
