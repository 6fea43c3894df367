import type { CodedError, ErrorCode, Notice } from '@media-analyzer/protocol';

/** Remembers what came and when it was over. */
export interface NoticeChronicle {
  began(notice: Omit<Notice, 'since'>): void;
  over(code: ErrorCode, streamId: string | null): void;
}

/** What an operator must know, until it is over: one notice for each code and stream. */
export class NoticeBoard {
  readonly #notices = new Map<string, Notice>();
  readonly #onChange: (notices: Notice[]) => void;
  readonly #history: NoticeChronicle | null;

  /**
   * @param onChange told of all notices whenever one came, changed or went
   * @param history remembers those that are over, too
   */
  constructor(onChange: (notices: Notice[]) => void, history: NoticeChronicle | null = null) {
    this.#onChange = onChange;
    this.#history = history;
  }

  /** Oldest first. */
  get all(): Notice[] {
    return [...this.#notices.values()];
  }

  /** Puts a notice up, or brings the one of the same code and stream up to date; it keeps its `since`. */
  raise({ code, message }: CodedError, severity: Notice['severity'], streamId: string | null = null): void {
    const key = keyOf(code, streamId);
    const known = this.#notices.get(key);
    if (known?.message === message && known.severity === severity) return;
    this.#notices.set(key, { code, message, severity, streamId, since: known?.since ?? Date.now() });
    if (!known) this.#history?.began({ code, message, severity, streamId });
    this.#onChange(this.all);
  }

  clear(code: ErrorCode, streamId: string | null = null): void {
    if (!this.#notices.delete(keyOf(code, streamId))) return;
    this.#history?.over(code, streamId);
    this.#onChange(this.all);
  }

  /** The stream is gone, and with it what there was to know about it. */
  clearStream(streamId: string): void {
    const its = [...this.#notices].filter(([, notice]) => notice.streamId === streamId);
    for (const [key] of its) this.#notices.delete(key);
    if (its.length > 0) this.#onChange(this.all);
  }
}

function keyOf(code: ErrorCode, streamId: string | null): string {
  return `${code}/${streamId ?? ''}`;
}
