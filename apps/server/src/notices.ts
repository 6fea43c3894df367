import type { CodedError, ErrorCode, Notice } from '@media-analyzer/protocol';

/** What an operator must know, until it is over: one notice for each code and stream. */
export class NoticeBoard {
  readonly #notices = new Map<string, Notice>();

  constructor(private readonly onChange: (notices: readonly Notice[]) => void) {}

  /** Oldest first. */
  get all(): Notice[] {
    return [...this.#notices.values()];
  }

  raise({ code, message }: CodedError, severity: Notice['severity'], streamId: string | null = null): void {
    const key = keyOf(code, streamId);
    const known = this.#notices.get(key);
    if (known?.message === message && known.severity === severity) return;
    this.#notices.set(key, { code, message, severity, streamId, since: known?.since ?? Date.now() });
    this.onChange(this.all);
  }

  clear(code: ErrorCode, streamId: string | null = null): void {
    if (this.#notices.delete(keyOf(code, streamId))) this.onChange(this.all);
  }
}

function keyOf(code: ErrorCode, streamId: string | null): string {
  return `${code}/${streamId ?? ''}`;
}
