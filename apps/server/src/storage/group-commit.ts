import { isTransient } from './errors.js';

/** What a group is written with. */
export interface GroupCommitOptions<Item, Result> {
  /** Writes all of them, or none, and says what became of each, in order. */
  write(items: readonly Item[]): Promise<readonly Result[]>;
  /** How long the first item of a group waits for others, ms. 0: only those that come while a group is written are gathered. */
  readonly gatherMs: number;
  /** Items that are written together at most. Default 100. */
  readonly groupSize?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what comes from many sides at about the same time together: a transaction costs nearly the same for twenty rows as for
 * one. One group is written at a time, in the order in which the items came.
 *
 * An item that the database refuses does not take its group with it: each of them is then written by itself. When the database
 * is away, all of a group are told so. Nothing bounds what waits here but those who add: each of them waits for its answer
 * before it adds again.
 */
export class GroupCommit<Item, Result> {
  readonly #options: Required<GroupCommitOptions<Item, Result>>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = false;
  #hurry = false;
  /** Ends the wait for others. */
  #gathered: () => void = () => {};

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = { groupSize: 100, ...options };
  }

  /** Settles when the item is written, with what became of it; or as `write` rejected. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** From now on nothing waits for others: what is left of a session is written one after the other, and a stop has little time. */
  hurry(): void {
    this.#hurry = true;
    this.#gathered();
  }

  async #run(): Promise<void> {
    const { gatherMs, groupSize } = this.#options;
    this.#running = true;
    while (this.#waiting.length > 0) {
      if (gatherMs > 0 && !this.#hurry) await this.#gather(gatherMs);
      await this.#write(this.#waiting.splice(0, groupSize));
    }
    this.#running = false;
  }

  #gather(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#gathered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Never rejects. */
  async #write(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(group.map(({ item }) => item));
      group.forEach(({ resolve }, i) => {
        resolve(results[i]!);
      });
    } catch (error) {
      if (group.length === 1 || isTransient(error)) for (const { reject } of group) reject(error);
      else for (const one of group) await this.#write([one]);
    }
  }
}
