/**
 * One connected browser. Its messages are handled one after the other, and only while the client takes our answers: a client
 * that floods us without reading is no longer read from.
 *
 *   open ── message → inbox → (outbox flows?) → handle → reply ──┐
 *     ▲                                                          │
 *     └──────────────────────────────────────────────────────────┘
 *   closed: by the peer, by a broken rule (1008, 1009), stuck (cut), or by the server's stop (1001)
 */
import {
  type ClientMessage,
  CodedError,
  clientMessage,
  MAX_CLIENT_MESSAGE_BYTES,
  type Problem,
  type ServerMessage,
} from '@media-analyzer/protocol';
import type { RawData, WebSocket } from 'ws';
import type { LiveLimits } from './limits.js';
import { type AnalysisMessage, encodeMessage } from './messages.js';
import { Outbox } from './outbox.js';

/** Close codes of RFC 6455 section 7.4.1 and its registry. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, messageTooBig: 1009, tryAgainLater: 1013 } as const;

/** What a client needs to carry out what it is asked for. Replies are given as messages. */
export interface ClientRequests {
  /** Registers the client as a subscriber *before* it looks the stream up, so that nothing published meanwhile is lost. */
  subscribe(client: LiveClient, streamId: string): Promise<Extract<ServerMessage, { type: 'subscribed' }>>;
  unsubscribe(client: LiveClient, streamId: string): void;
  watch(client: LiveClient): Promise<Extract<ServerMessage, { type: 'watching' }>>;
  alignment(streamId: string, errorsMs: readonly number[]): void;
}

export interface LiveClientOptions {
  /** Names the client in logs and in the error that says that the server failed. */
  readonly id: string;
  readonly socket: WebSocket;
  readonly requests: ClientRequests;
  readonly limits: LiveLimits;
  onMissed(): void;
  /** Something other than a coded error was thrown while a request was handled. */
  onFailure(error: unknown): void;
}

/** One WebSocket client: what it asked for, what waits for it, and when it is given up. */
export class LiveClient {
  readonly #options: LiveClientOptions;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  /** Streams whose analyses this client gets, each after its `subscribed`. */
  readonly #subscriptions = new Set<string>();
  readonly #inbox: ClientMessage[] = [];
  #handling = false;
  #invalidInARow = 0;
  #missed = 0;
  #lastHeardAt: number = performance.now();
  #leaveReason: string | null = null;

  constructor(options: LiveClientOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#outbox = new Outbox({
      sink: {
        get bufferedAmount() {
          return options.socket.bufferedAmount;
        },
        send: (data, done) => options.socket.send(data, { binary: false }, done),
      },
      maxBufferedBytes: options.limits.maxBufferedBytes,
      maxHeldBytes: options.limits.maxHeldBytes,
      onMissed: () => {
        this.#missed += 1;
        options.onMissed();
      },
      onOverflow: () => this.terminate('overflow'),
    });
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('pong', () => this.#heard());
    this.#socket.on('error', (error) => {
      this.#leaveReason ??= error.message;
    });
    this.#socket.on('close', () => this.#outbox.close());
  }

  /** Analyses that this client did not get because it was slow. */
  get missed(): number {
    return this.#missed;
  }

  /** Bytes that are held back for this client or wait in its socket. */
  get waitingBytes(): number {
    return this.#outbox.heldBytes + this.#socket.bufferedAmount;
  }

  /** Why we ended it; null when the peer left. */
  get leaveReason(): string | null {
    return this.#leaveReason;
  }

  isSubscribed(streamId: string): boolean {
    return this.#subscriptions.has(streamId);
  }

  reply(message: ServerMessage): void {
    this.#outbox.reply(encodeMessage(message));
  }

  analysis(message: AnalysisMessage): void {
    if (this.#subscriptions.has(message.streamId)) this.#outbox.analysis(message);
  }

  /** @param key what it is the state of; a newer state with the same key replaces an unsent one */
  state(key: string, data: Buffer): void {
    this.#outbox.state(key, data);
  }

  /** The stream is gone or no longer wanted. */
  drop(streamId: string): void {
    this.#subscriptions.delete(streamId);
    this.#outbox.forget(streamId);
  }

  /** Asks for a sign of life, and cuts a client that gives none or takes nothing. */
  checkAlive(): void {
    const { stuckMs } = this.#options.limits;
    const { stuckForMs } = this.#outbox;
    if (stuckForMs > stuckMs) this.terminate('stuck');
    // A socket that is not read or not drained cannot tell; it is judged by whether it takes what waits for it.
    else if (stuckForMs > 0 || this.#socket.isPaused) return;
    else if (performance.now() - this.#lastHeardAt > stuckMs) this.terminate('silent');
    else this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#leaveReason ??= reason;
    this.#socket.close(code, reason);
    // The peer's answer must be read, or the socket lingers.
    if (this.#socket.isPaused) this.#socket.resume();
  }

  /** Ends at once, without a goodbye that the peer would not read. */
  terminate(reason: string): void {
    this.#leaveReason ??= reason;
    this.#outbox.close();
    this.#socket.terminate();
  }

  #heard(): void {
    this.#lastHeardAt = performance.now();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heard();
    if (this.#leaveReason !== null) return;
    const bytes = toBuffer(data);
    if (bytes.byteLength > MAX_CLIENT_MESSAGE_BYTES) {
      this.#refuse(new CodedError('message_too_large', { limitBytes: MAX_CLIENT_MESSAGE_BYTES }));
      this.close(CLOSE.messageTooBig, 'message_too_large');
      return;
    }
    const message = isBinary ? 'binary messages are not read; send JSON as text' : parse(bytes);
    if (typeof message === 'string') {
      this.#invalid(message);
      return;
    }
    this.#invalidInARow = 0;
    this.#inbox.push(message);
    if (this.#inbox.length >= this.#options.limits.maxInbox) this.#socket.pause();
    void this.#work();
  }

  #invalid(problem: string): void {
    this.#invalidInARow += 1;
    this.#refuse(new CodedError('message_invalid', { problem }));
    if (this.#invalidInARow >= this.#options.limits.maxInvalidInARow) {
      this.close(CLOSE.policyViolation, 'too many invalid messages');
    }
  }

  async #work(): Promise<void> {
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let message = this.#inbox.shift(); message !== undefined; message = this.#inbox.shift()) {
        await this.#outbox.idle();
        if (this.#socket.readyState !== this.#socket.OPEN) return;
        await this.#handle(message);
        if (this.#inbox.length === 0) this.#socket.resume();
      }
    } finally {
      this.#handling = false;
    }
  }

  async #handle(message: ClientMessage): Promise<void> {
    const { requests } = this.#options;
    switch (message.type) {
      case 'subscribe':
        return this.#subscribe(message.streamId);
      case 'unsubscribe':
        requests.unsubscribe(this, message.streamId);
        this.drop(message.streamId);
        return this.reply({ type: 'unsubscribed', streamId: message.streamId });
      case 'watch':
        return this.#snapshot(async () => this.reply(await requests.watch(this)));
      case 'ping':
        return this.reply({ type: 'pong', at: message.at, serverAt: Date.now() });
      case 'alignment':
        if (this.#subscriptions.has(message.streamId)) requests.alignment(message.streamId, message.errorsMs);
        else this.#refuse(new CodedError('stream_not_found', { streamId: message.streamId }), message.streamId);
        return;
      default:
        message satisfies never;
    }
  }

  async #subscribe(streamId: string): Promise<void> {
    const { requests, limits } = this.#options;
    if (!this.#subscriptions.has(streamId) && this.#subscriptions.size >= limits.maxSubscriptions) {
      const error = new CodedError('too_many_requests', {
        limit: limits.maxSubscriptions,
        what: 'subscriptions of a client',
      });
      this.#refuse(error, streamId);
      return;
    }
    await this.#snapshot(async () => {
      const reply = await requests.subscribe(this, streamId);
      this.#subscriptions.add(streamId);
      this.reply(reply);
    }, streamId);
  }

  /** Sends what `read` found, then the states that were published while it was reading. */
  async #snapshot(read: () => Promise<void>, streamId?: string): Promise<void> {
    this.#outbox.defer();
    try {
      await read();
    } catch (error) {
      if (!(error instanceof CodedError)) this.#options.onFailure(error);
      this.#refuse(
        error instanceof CodedError ? error : new CodedError('internal', { requestId: this.#options.id }),
        streamId,
      );
    } finally {
      this.#outbox.release();
    }
  }

  #refuse(error: CodedError, streamId?: string): void {
    const problem: Problem = { code: error.code, message: error.message, details: { ...error.details } };
    this.reply({ type: 'error', error: problem, ...(streamId === undefined ? {} : { streamId }) });
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** @returns what is wrong with it as text, when something is */
function parse(bytes: Buffer): ClientMessage | string {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return 'it is not JSON';
  }
  const result = clientMessage.safeParse(value);
  if (result.success) return result.data;
  return result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`)
    .join('; ');
}
