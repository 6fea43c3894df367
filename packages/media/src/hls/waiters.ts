import { CodedError } from '@media-analyzer/protocol';

interface Waiter {
  readonly ready: () => boolean;
  readonly settle: (fulfilled: boolean) => void;
}

/** Requests that wait for something to be published: bounded in number and time. */
export class Waiters {
  private readonly waiting = new Set<Waiter>();

  constructor(private readonly limit: number) {}

  get count(): number {
    return this.waiting.size;
  }

  /**
   * Waits until `ready` holds, as checked at each `notify`.
   *
   * @returns False when `timeoutMs` passed first, or everything ended.
   * @throws CodedError `too_many_requests` when too many wait already.
   */
  wait(ready: () => boolean, timeoutMs: number): Promise<boolean> {
    if (ready()) return Promise.resolve(true);
    if (this.waiting.size >= this.limit) {
      throw new CodedError('too_many_requests', { limit: this.limit, what: 'blocked playlist and part requests' });
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        ready,
        settle: (fulfilled) => {
          clearTimeout(timer);
          this.waiting.delete(waiter);
          resolve(fulfilled);
        },
      };
      const timer = setTimeout(() => waiter.settle(false), timeoutMs);
      timer.unref();
      this.waiting.add(waiter);
    });
  }

  /** Something was published. */
  notify(): void {
    for (const waiter of this.waiting) if (waiter.ready()) waiter.settle(true);
  }

  /** Nothing more will be published. */
  end(): void {
    for (const waiter of this.waiting) waiter.settle(waiter.ready());
  }
}
