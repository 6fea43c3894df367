import type { ErrorCode, Refusal } from '@media-analyzer/protocol';
import type { Logger } from './log.js';

/** An entry without news is forgotten after this, ms: whoever was turned away an hour ago is no news. */
const KEPT_MS = 60 * 60_000;
/** Entries remembered. Whoever tries from ever new addresses must not grow the memory. */
const MAX_ENTRIES = 50;
/** An encoder tries again every few seconds: it is logged this often at most, ms, with the number of tries. */
const LOG_EVERY_MS = 60_000;
/** Listeners are told this often at most, ms. */
const TELL_EVERY_MS = 500;

/** One publisher that was turned away. */
export interface RefusedPublisher {
  /** Why. Its message holds no secret. */
  readonly error: { readonly code: ErrorCode; readonly message: string };
  readonly address: string;
  /** As it calls itself; null when it did not get so far. */
  readonly encoder: string | null;
  /** The stream that it asked for; null when that is not known. */
  readonly streamId: string | null;
}

export interface RefusalBoardOptions {
  readonly log: Logger;
  readonly metric: { inc(labels: { code: string }): void };
  /** Refusals came or were aggregated: all that are remembered, and the streams that they are about. */
  onChange(all: Refusal[], streamIds: ReadonlySet<string>): void;
}

interface Entry {
  refusal: Refusal;
  loggedAt: number;
  unlogged: number;
}

/** Remembers publishers that were turned away: one line in the log, a metric by reason, and an entry for the API. */
export class RefusalBoard {
  readonly #options: RefusalBoardOptions;
  /** The one with the oldest news first. */
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  #telling: NodeJS.Timeout | null = null;

  constructor(options: RefusalBoardOptions) {
    this.#options = options;
  }

  /** The newest first. */
  get all(): Refusal[] {
    this.#forget(Date.now());
    return [...this.#entries.values()].map(({ refusal }) => refusal).reverse();
  }

  /** Those of publishers of one stream, the newest first. */
  of(streamId: string): Refusal[] {
    return this.all.filter((refusal) => refusal.streamId === streamId);
  }

  record({ error, address, encoder, streamId }: RefusedPublisher): void {
    const { code, message } = error;
    const now = Date.now();
    this.#options.metric.inc({ code });
    const key = JSON.stringify([code, address, encoder, streamId]);
    const known = this.#entries.get(key);
    const entry: Entry = known ?? {
      refusal: { code, message, address, encoder, streamId, firstAt: now, lastAt: now, count: 0 },
      loggedAt: Number.NEGATIVE_INFINITY,
      unlogged: 0,
    };
    entry.refusal = { ...entry.refusal, message, lastAt: now, count: entry.refusal.count + 1 };
    entry.unlogged += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#log(entry, code, now);
    this.#forget(now);
    if (streamId !== null) this.#changed.add(streamId);
    this.#telling ??= setTimeout(() => this.#tell(), TELL_EVERY_MS).unref();
  }

  /** The stream is gone, and with it who was turned away from it. */
  clearStream(streamId: string): void {
    for (const [key, { refusal }] of this.#entries) if (refusal.streamId === streamId) this.#entries.delete(key);
    this.#changed.delete(streamId);
  }

  close(): void {
    if (this.#telling) clearTimeout(this.#telling);
    this.#telling = null;
  }

  #tell(): void {
    this.#telling = null;
    const streamIds = new Set(this.#changed);
    this.#changed.clear();
    this.#options.onChange(this.all, streamIds);
  }

  #log(entry: Entry, code: ErrorCode, now: number): void {
    if (now - entry.loggedAt < LOG_EVERY_MS) return;
    const { address, encoder, streamId, message } = entry.refusal;
    this.#options.log.warn(
      { code, problem: message, address, encoder, ...(streamId !== null && { streamId }), times: entry.unlogged },
      'publisher refused',
    );
    entry.loggedAt = now;
    entry.unlogged = 0;
  }

  /** The oldest go first, and those that name no stream before those that do. */
  #forget(now: number): void {
    for (const [key, { refusal }] of this.#entries) {
      if (now - refusal.lastAt <= KEPT_MS) break;
      this.#entries.delete(key);
    }
    while (this.#entries.size > MAX_ENTRIES) {
      const keys = [...this.#entries];
      const [key] = keys.find(([, { refusal }]) => refusal.streamId === null) ?? keys[0]!;
      this.#entries.delete(key);
    }
  }
}
