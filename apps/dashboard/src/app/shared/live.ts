import { computed, DestroyRef, Injectable, inject, signal } from '@angular/core';
import type {
  ClientMessage,
  ModelStatus,
  Notice,
  Refusal,
  ServerMessage,
  Stream,
  StreamSummary,
} from '@media-analyzer/protocol';
import { LiveSocket, type SocketLike, type SocketState } from './live-socket';
import { ServerClock } from './server-clock';

/** Makes the WebSocket to the server; tests put their own in its place. */
@Injectable({ providedIn: 'root' })
export class SocketFactory {
  open(): SocketLike {
    const url = new URL('ws', document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(url) as SocketLike;
  }
}

/**
 * What the server tells while the page is open: all streams, models and notices as signals, and the messages of one stream to
 * whoever asked. One connection for the whole page; after a loss everything is asked for anew, so nothing goes stale.
 */
@Injectable({ providedIn: 'root' })
export class Live {
  readonly clock = new ServerClock();
  readonly connection = signal<SocketState>({ kind: 'connecting' });
  /** The server was there and is gone. A first failure within the first seconds is not worth a word: the retry follows at once. */
  readonly lost = computed(() => {
    const { kind } = this.connection();
    return kind === 'lost' || (kind === 'connecting' && this.streams() !== null);
  });
  readonly serverVersion = signal<string | null>(null);
  /** Null until the server has told. */
  readonly streams = signal<readonly Stream[] | null>(null);
  readonly models = signal<readonly ModelStatus[] | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  /** Streams on air in a few words, by stream; empty until the server has told. */
  readonly summaries = signal<ReadonlyMap<string, StreamSummary>>(new Map());
  /** Publishers that were turned away, the newest first. */
  readonly refusals = signal<readonly Refusal[]>([]);

  private readonly listeners = new Map<string, Set<(message: ServerMessage) => void>>();
  private readonly socket: LiveSocket;

  constructor() {
    const factory = inject(SocketFactory);
    this.socket = new LiveSocket({
      open: () => factory.open(),
      onState: (state) => this.connection.set(state),
      onMessage: (message) => this.receive(message),
    });
    this.socket.watch();
    this.socket.start();
    const retry = () => this.socket.retryNow();
    window.addEventListener('online', retry);
    inject(DestroyRef).onDestroy(() => {
      window.removeEventListener('online', retry);
      this.socket.close();
    });
  }

  /** The server's time for a local one, Unix ms; the local one while the difference is not known. */
  serverTime(localNow: number): number {
    return this.clock.serverNow(localNow) ?? localNow;
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  send(message: ClientMessage): void {
    this.socket.send(message);
  }

  /** Messages about one stream. @returns unsubscribes */
  subscribe(streamId: string, listener: (message: ServerMessage) => void): () => void {
    const listeners = this.listeners.get(streamId) ?? new Set();
    this.listeners.set(streamId, listeners);
    listeners.add(listener);
    const release = this.socket.subscribe(streamId);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(streamId);
      release();
    };
  }

  /** Puts an answer of the REST interface into the lists without waiting for the message about it. */
  putStream(stream: Stream): void {
    this.streams.update((streams) => (streams === null ? streams : replaced(streams, stream, (item) => item.id)));
  }

  removeStream(streamId: string): void {
    this.streams.update((streams) => streams?.filter((stream) => stream.id !== streamId) ?? null);
  }

  putModel(model: ModelStatus): void {
    this.models.update((models) => replaced(models ?? [], model, (item) => item.name));
  }

  private receive(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.serverVersion.set(message.version);
        return;
      case 'watching':
        this.streams.set(message.streams);
        this.models.set(message.models);
        this.notices.set(message.notices);
        this.refusals.set(message.refusals ?? []);
        return;
      case 'pong':
        this.clock.addPing(message.at, Date.now(), message.serverAt);
        return;
      case 'notices':
        this.notices.set(message.notices);
        return;
      case 'summaries':
        this.summaries.set(new Map(message.summaries.map((summary) => [summary.streamId, summary])));
        return;
      case 'model':
        this.putModel(message.model);
        return;
      case 'stream':
        this.putStream(message.stream);
        this.tell(message.stream.id, message);
        return;
      case 'stream-removed':
        this.removeStream(message.streamId);
        this.tell(message.streamId, message);
        return;
      case 'refusals':
        this.refusals.set(message.refusals);
        return;
      case 'error':
        if (message.streamId) this.tell(message.streamId, message);
        return;
      case 'subscribed':
      case 'unsubscribed':
      case 'analysis':
      case 'health':
        this.tell(message.streamId, message);
        return;
      default:
        message satisfies never;
    }
  }

  private tell(streamId: string, message: ServerMessage): void {
    for (const listener of this.listeners.get(streamId) ?? []) listener(message);
  }
}

function replaced<T>(items: readonly T[], item: T, key: (item: T) => string): readonly T[] {
  const at = items.findIndex((other) => key(other) === key(item));
  return at < 0 ? [...items, item] : items.with(at, item);
}
