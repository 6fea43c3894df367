import { describeError, type ErrorCode, type Notice, type NoticeRecord } from '@media-analyzer/protocol';
import type { Logger } from './log.js';

/** The same thing coming again within this after its last time is the same entry, ms. */
const SAME_MS = 24 * 60 * 60_000;
/** Entries remembered and told. */
const MAX_ENTRIES = 100;
/** Entries without news for this long are forgotten, ms. */
const KEPT_MS = 14 * 24 * 60 * 60_000;

/** Where the history outlives a restart. */
export interface NoticeRows {
  newest(limit: number): Promise<NoticeRecord[]>;
  save(records: readonly NoticeRecord[]): Promise<void>;
  closeInterrupted(at: number): Promise<void>;
  removeBefore(at: number): Promise<void>;
}

export interface NoticeHistoryOptions {
  readonly rows: NoticeRows;
  readonly log: Logger;
  newId(): string;
  /** Unix ms. */
  readonly now?: () => number;
}

type News = Pick<Notice, 'code' | 'message' | 'severity' | 'streamId'>;

/** What operators had to know: since when, how often, and whether it goes on. Memory leads; the database follows. */
export class NoticeHistory {
  readonly #options: NoticeHistoryOptions;
  readonly #now: () => number;
  #records: NoticeRecord[];
  readonly #unsaved = new Set<string>();

  private constructor(options: NoticeHistoryOptions, records: NoticeRecord[]) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#records = records;
  }

  /** @throws CodedError `database_unreachable` */
  static async open(options: NoticeHistoryOptions): Promise<NoticeHistory> {
    const now = options.now ?? Date.now;
    await options.rows.closeInterrupted(now());
    return new NoticeHistory(options, await options.rows.newest(MAX_ENTRIES));
  }

  /** The newest news first. */
  get all(): NoticeRecord[] {
    return [...this.#records].sort((a, b) => b.lastAt - a.lastAt);
  }

  /** Something came and goes on until `over`. */
  began(news: News): void {
    this.#note(news, null);
  }

  /** Something happened, and that was it: a process that was started again. */
  happened(news: News): void {
    this.#note(news, this.#now());
  }

  over(code: ErrorCode, streamId: string | null): void {
    const open = this.#find(code, streamId);
    if (open && open.overAt === null) this.#put({ ...open, overAt: this.#now() });
  }

  removeStream(streamId: string): void {
    this.#records = this.#records.filter((record) => record.streamId !== streamId);
  }

  /** Writes what has changed since the last call. What cannot be written stays in memory alone. */
  async save(): Promise<void> {
    const changed = this.#records.filter(({ id }) => this.#unsaved.has(id));
    this.#unsaved.clear();
    if (changed.length === 0) return;
    await this.#options.rows
      .save(changed)
      .catch((error: unknown) => this.#options.log.warn({ problem: describeError(error) }, 'notices not kept'));
  }

  async forget(): Promise<void> {
    await this.#options.rows.removeBefore(this.#now() - KEPT_MS);
  }

  #note({ code, message, severity, streamId }: News, overAt: number | null): void {
    const now = this.#now();
    const known = this.#find(code, streamId);
    const same = known !== undefined && (known.overAt === null || now - known.lastAt < SAME_MS);
    this.#put(
      same
        ? { ...known, message, severity, lastAt: now, times: known.times + 1, overAt }
        : { id: this.#options.newId(), code, message, severity, streamId, since: now, lastAt: now, times: 1, overAt },
    );
  }

  /** The newest entry of its kind. */
  #find(code: ErrorCode, streamId: string | null): NoticeRecord | undefined {
    return this.all.find((record) => record.code === code && record.streamId === streamId);
  }

  #put(record: NoticeRecord): void {
    this.#records = [record, ...this.#records.filter(({ id }) => id !== record.id)].slice(0, MAX_ENTRIES);
    this.#unsaved.add(record.id);
  }
}
