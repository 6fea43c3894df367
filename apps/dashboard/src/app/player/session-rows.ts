import { computed, signal } from '@angular/core';
import {
  type Analysis,
  type Appearance,
  addToAppearances,
  mergeAppearances,
  type Page,
} from '@media-analyzer/protocol';

/** Appearances remembered at most; past it the oldest are to be asked for again. */
const CAPACITY = 5000;
/** The list follows new results at this pace, ms. */
const PUBLISH_EVERY_MS = 500;
const RETRY_AFTER_MS = 5000;

/** A page of appearances of the session, newest first. */
export type FetchAppearances = (cursor: string | null) => Promise<Page<Appearance>>;

/**
 * All appearances of a session up to its live edge, newest first: what comes live is added, what was before comes page by page
 * when it is wanted. Where the viewer is in the recording does not matter.
 */
export class SessionRows {
  private readonly byTrack = new Map<number, Appearance>();
  private readonly version = signal(0);
  private cursor: string | null = null;
  private busy = false;
  private stale = true;
  private retryAt = 0;
  private publishedAt = Number.NEGATIVE_INFINITY;
  private stopped = false;
  private readonly exhausted = signal(false);

  /** Newest first; those that began together by their number. */
  readonly rows = computed<readonly Appearance[]>(() => {
    this.version();
    return [...this.byTrack.values()].sort((a, b) => b.fromMs - a.fromMs || b.trackId - a.trackId);
  });
  /** Everything from the beginning of the session is here. */
  readonly complete = this.exhausted.asReadonly();

  constructor(
    private readonly fetchPage: FetchAppearances,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Adds a result that came live. */
  add(analysis: Analysis): void {
    if (addToAppearances(this.byTrack, analysis).length === 0) return;
    if (this.now() - this.publishedAt < PUBLISH_EVERY_MS) return;
    this.publish();
  }

  /** Results were missed: the newest page is to be read again. */
  missed(): void {
    this.stale = true;
  }

  /** Call now and then: brings the newest page once, and again after something was missed. */
  async refresh(): Promise<void> {
    if (!this.stale) return;
    await this.load(null, () => {
      this.stale = false;
    });
  }

  /** Brings the page before the oldest that is here. */
  async loadEarlier(): Promise<void> {
    if (this.stale || this.exhausted() || this.byTrack.size >= CAPACITY) return;
    await this.load(this.cursor, () => {});
  }

  stop(): void {
    this.stopped = true;
  }

  private async load(cursor: string | null, done: () => void): Promise<void> {
    if (this.busy || this.stopped || this.now() < this.retryAt) return;
    this.busy = true;
    try {
      const page = await this.fetchPage(cursor);
      if (this.stopped) return;
      const oldest = this.cursor;
      for (const item of page.items) {
        const before = this.byTrack.get(item.trackId);
        this.byTrack.set(item.trackId, before ? mergeAppearances(item, before) : item);
      }
      // A newest page that is read again says nothing of how far back the list goes.
      if (cursor !== null || oldest === null) {
        this.cursor = page.nextCursor;
        this.exhausted.set(page.nextCursor === null);
      }
      done();
      this.publish();
    } catch {
      // What came live stays; the page says already that the server is gone.
      this.retryAt = this.now() + RETRY_AFTER_MS;
    } finally {
      this.busy = false;
    }
  }

  private publish(): void {
    this.publishedAt = this.now();
    if (this.byTrack.size > CAPACITY) {
      const oldest = [...this.byTrack.values()].sort((a, b) => a.fromMs - b.fromMs);
      for (const { trackId } of oldest.slice(0, this.byTrack.size - CAPACITY)) this.byTrack.delete(trackId);
    }
    this.version.update((version) => version + 1);
  }
}
