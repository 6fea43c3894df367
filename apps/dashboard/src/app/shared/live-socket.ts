import { type ClientMessage, type ServerMessage, serverMessage } from '@media-analyzer/protocol';

/** What the socket needs of a WebSocket; the browser's is one. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

/** `lost`: was connected or tried to, and waits for the next attempt. */
export type SocketState =
  | { readonly kind: 'connecting' | 'open' }
  | { readonly kind: 'lost'; readonly retryAt: number; readonly attempts: number };

export interface LiveSocketOptions {
  readonly open: () => SocketLike;
  readonly onState: (state: SocketState) => void;
  readonly onMessage: (message: ServerMessage) => void;
  /** 0..1; spreads the reconnects of many pages after a restart. */
  readonly random?: () => number;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
const OPEN_TIMEOUT_MS = 10_000;
/** Pings: a few at once for the clock, then a heartbeat. Silence for longer than the limit is a dead connection. */
const FIRST_PINGS_MS = [0, 300, 1000, 2500];
const PING_EVERY_MS = 10_000;
const SILENCE_LIMIT_MS = 25_000;
const OPEN = 1;

/** The connection to `/ws`: reconnects with backoff, notices dead connections, and tells again what was asked for. */
export class LiveSocket {
  private socket: SocketLike | null = null;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private attempts = 0;
  private heardAt = 0;
  private closed = false;
  private watching = false;
  private readonly subscriptions = new Map<string, number>();

  constructor(private readonly options: LiveSocketOptions) {}

  start(): void {
    if (this.closed || this.socket) return;
    this.connect();
  }

  /** Ends the connection for good. */
  close(): void {
    this.closed = true;
    this.drop();
  }

  /** Tries now instead of at the end of the backoff: the network came back, or a person asked. */
  retryNow(): void {
    if (this.closed || this.socket) return;
    this.clearTimers();
    this.connect();
  }

  /** Asks for the state of all streams, models and notices. */
  watch(): void {
    this.watching = true;
    this.send({ type: 'watch' });
  }

  /** Asks for everything of one stream. @returns takes the wish back; the last one to do so unsubscribes */
  subscribe(streamId: string): () => void {
    const holders = this.subscriptions.get(streamId) ?? 0;
    this.subscriptions.set(streamId, holders + 1);
    if (holders === 0) this.send({ type: 'subscribe', streamId });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.subscriptions.get(streamId) ?? 1) - 1;
      if (left > 0) this.subscriptions.set(streamId, left);
      else {
        this.subscriptions.delete(streamId);
        this.send({ type: 'unsubscribe', streamId });
      }
    };
  }

  /** Sends when connected; what is not a wish that lasts is lost otherwise. */
  send(message: ClientMessage): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private connect(): void {
    this.options.onState({ kind: 'connecting' });
    let socket: SocketLike;
    try {
      socket = this.options.open();
    } catch {
      this.retryLater();
      return;
    }
    this.socket = socket;
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => {
      if (socket === this.socket) this.received(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    this.later(() => socket.readyState !== OPEN && this.lost(), OPEN_TIMEOUT_MS);
  }

  private opened(socket: SocketLike): void {
    if (socket !== this.socket) return;
    this.clearTimers();
    this.attempts = 0;
    this.heardAt = Date.now();
    this.options.onState({ kind: 'open' });
    if (this.watching) this.send({ type: 'watch' });
    for (const streamId of this.subscriptions.keys()) this.send({ type: 'subscribe', streamId });
    for (const delay of FIRST_PINGS_MS) this.later(() => this.ping(), delay);
    this.beat();
  }

  private beat(): void {
    this.later(() => {
      if (Date.now() - this.heardAt > SILENCE_LIMIT_MS) {
        this.lost();
        return;
      }
      this.ping();
      this.beat();
    }, PING_EVERY_MS);
  }

  private ping(): void {
    this.send({ type: 'ping', at: Date.now() });
  }

  private received(data: unknown): void {
    this.heardAt = Date.now();
    const message = parse(data);
    // A server newer than this page may say things that the page does not know.
    if (message) this.options.onMessage(message);
  }

  private lost(): void {
    this.drop();
    if (!this.closed) this.retryLater();
  }

  private retryLater(): void {
    const random = this.options.random ?? Math.random;
    const limit = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempts);
    const delay = limit * (0.5 + random() / 2);
    this.attempts++;
    this.options.onState({ kind: 'lost', retryAt: Date.now() + delay, attempts: this.attempts });
    this.later(() => this.connect(), delay);
  }

  private drop(): void {
    this.clearTimers();
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private later(run: () => void, delayMs: number): void {
    this.timers.push(setTimeout(run, delayMs));
    if (this.timers.length > 20) this.timers = this.timers.slice(-10);
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const parsed = serverMessage.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
