/**
 * What waits for one client. While the client keeps up, messages pass straight into its socket. When more than a bound waits
 * in the socket, messages are held back here in slots: the newest analysis per stream with a count of those it replaced, the
 * newest state per key. So what is held is bounded by the number of things there are, not by how long the client is slow.
 *
 * Drained by the socket's own write callbacks; no timers.
 */
import type { AnalysisMessage } from './messages.js';

/** The part of a WebSocket that is written to. */
export interface OutboxSink {
  /** Bytes that wait in the socket. */
  readonly bufferedAmount: number;
  /** `done` is called when the bytes have left for the kernel, or with an error when they never will. */
  send(data: Buffer, done: (error?: Error) => void): void;
}

export interface OutboxOptions {
  readonly sink: OutboxSink;
  readonly maxBufferedBytes: number;
  readonly maxHeldBytes: number;
  /** An analysis was replaced by a newer one before it was sent. */
  onMissed(): void;
  /** More is held than the bound allows. Nothing is taken any more. */
  onOverflow(): void;
}

type Slot =
  | { readonly kind: 'message'; readonly data: Buffer }
  | { readonly kind: 'analysis'; message: AnalysisMessage; missed: number };

/** What waits for one client: replies in order, of everything else only the newest. */
export class Outbox {
  readonly #options: OutboxOptions;
  /** In the order in which they are sent. */
  readonly #slots = new Map<string, Slot>();
  /** States published while a reply is being put together that must come first; null when none is. */
  #deferred: Map<string, Buffer> | null = null;
  #heldBytes = 0;
  #inFlight = 0;
  #replies = 0;
  #closed = false;
  #lastProgressAt: number = performance.now();
  #idleWaiters: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Bytes held back here, besides what waits in the socket. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How long the client has taken nothing although something waits for it, ms; 0 when nothing waits. */
  get stuckForMs(): number {
    return this.#inFlight === 0 ? 0 : performance.now() - this.#lastProgressAt;
  }

  /** Whether messages go straight to the socket. */
  get flowing(): boolean {
    return this.#slots.size === 0 && this.#options.sink.bufferedAmount < this.#options.maxBufferedBytes;
  }

  /** An answer to the client: every one is sent. */
  reply(data: Buffer): void {
    this.#replies += 1;
    this.#put(`reply:${this.#replies}`, data);
  }

  /** State of which only the newest counts. It moves behind what was put meanwhile, so that it stays the last word. */
  state(key: string, data: Buffer): void {
    if (this.#closed) return;
    if (this.#deferred === null) {
      this.#put(`state:${key}`, data);
      return;
    }
    const before = this.#deferred.get(key);
    this.#deferred.delete(key);
    this.#deferred.set(key, data);
    this.#count(data.byteLength - (before?.byteLength ?? 0));
  }

  /** An analysis: while the client is behind, a newer one takes the place of an unsent one of the same stream. */
  analysis(message: AnalysisMessage): void {
    if (this.#closed) return;
    if (this.flowing) {
      this.#send(message.encode(0));
      return;
    }
    const key = `analysis:${message.streamId}`;
    const waiting = this.#slots.get(key);
    if (waiting?.kind !== 'analysis') {
      this.#slots.set(key, { kind: 'analysis', message, missed: 0 });
      this.#count(message.byteLength);
      return;
    }
    const before = waiting.message.byteLength;
    waiting.message = message;
    waiting.missed += 1;
    this.#options.onMissed();
    this.#count(message.byteLength - before);
  }

  /** Drops what waits of a stream's analyses and health: nobody asked for them any more. */
  forget(streamId: string): void {
    for (const key of [`analysis:${streamId}`, `state:health:${streamId}`]) this.#remove(key);
  }

  /** Keeps states back until `release`, so that a snapshot that is being read now does not overtake what is newer. */
  defer(): void {
    this.#deferred ??= new Map();
  }

  release(): void {
    const deferred = this.#deferred;
    this.#deferred = null;
    for (const [key, data] of deferred ?? []) {
      if (this.#closed) return;
      this.#heldBytes -= data.byteLength;
      this.state(key, data);
    }
  }

  /** Resolves when messages go straight to the socket again, or the outbox is closed. */
  idle(): Promise<void> {
    if (this.#closed || this.flowing) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Lets go of everything. */
  close(): void {
    this.#closed = true;
    this.#slots.clear();
    this.#deferred = null;
    this.#heldBytes = 0;
    this.#wake();
  }

  #put(key: string, data: Buffer): void {
    if (this.#closed) return;
    this.#remove(key);
    if (this.flowing) {
      this.#send(data);
      return;
    }
    this.#slots.set(key, { kind: 'message', data });
    this.#count(data.byteLength);
  }

  #remove(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#heldBytes -= sizeOf(slot);
  }

  #count(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes <= this.#options.maxHeldBytes || this.#closed) return;
    this.close();
    this.#options.onOverflow();
  }

  #send(data: Buffer): void {
    if (this.#inFlight === 0) this.#lastProgressAt = performance.now();
    this.#inFlight += 1;
    this.#options.sink.send(data, (error) => {
      this.#inFlight -= 1;
      this.#lastProgressAt = performance.now();
      if (error) this.close();
      else this.#drain();
    });
  }

  #drain(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#options.sink.bufferedAmount >= this.#options.maxBufferedBytes) return;
      this.#remove(key);
      this.#send(slot.kind === 'message' ? slot.data : slot.message.encode(slot.missed));
    }
    if (this.flowing) this.#wake();
  }

  #wake(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }
}

function sizeOf(slot: Slot): number {
  return slot.kind === 'message' ? slot.data.byteLength : slot.message.byteLength;
}
