import { computed, signal } from '@angular/core';
import type { Page, Recording, ViewerFilter } from '@media-analyzer/protocol';
import { dayOf, type TimeZone } from '../shared/clock-time';

/** What the list needs of the server's REST interface. */
export interface RecordingsApi {
  recordings(
    streamId: string,
    at: { limit: number; cursor?: string | undefined },
    filter: ViewerFilter,
  ): Promise<Page<Recording>>;
  recording(streamId: string, sessionId: string, filter: ViewerFilter): Promise<Recording>;
  deleteSession(streamId: string, sessionId: string): Promise<void>;
}

/** Recordings of a page. */
const PAGE = 20;
/** Recordings that are loaded anew at most; older ones are then asked for again. */
const MOST_AT_ONCE = 100;

export interface DayGroup {
  /** `2026-11-25`, in the zone that is shown. */
  readonly day: string;
  readonly recordings: readonly Recording[];
}

/** Recordings of one stream, as far as they were asked for; knows no DOM. */
export class RecordingsStore {
  readonly recordings = signal<readonly Recording[]>([]);
  /** `first`: nothing is there yet. `more`: a further page is on its way. */
  readonly loading = signal<'first' | 'more' | null>(null);
  readonly error = signal<unknown>(null);
  readonly more = computed(() => this.cursor() !== null);
  private readonly cursor = signal<string | null>(null);
  /** Counts requests: only the newest one's answer is shown. */
  private asked = 0;

  constructor(
    private readonly api: RecordingsApi,
    private readonly streamId: string,
    /** What the viewer wants to see, whenever it is asked for. */
    private readonly filter: () => ViewerFilter,
  ) {}

  /** Loads what is shown anew, at least the newest page; it stays until that is there. */
  async load(): Promise<void> {
    await this.ask(undefined, this.recordings().length === 0 ? 'first' : 'more');
  }

  /** Loads what is on air anew: it grows. What the server says against it, the next try says again. */
  async refresh(): Promise<void> {
    const asked = this.asked;
    const onAir = this.recordings().filter((recording) => recording.onAir);
    for (const { id } of onAir) {
      const fresh = await this.api.recording(this.streamId, id, this.filter()).catch(() => null);
      if (fresh === null || asked !== this.asked) return;
      this.recordings.update((all) => all.map((recording) => (recording.id === id ? fresh : recording)));
    }
  }

  /** Loads the next page behind what is shown. */
  async loadMore(): Promise<void> {
    const cursor = this.cursor();
    if (cursor !== null && this.loading() === null) await this.ask(cursor, 'more');
  }

  /** @throws what the server says against it */
  async remove(sessionId: string): Promise<void> {
    await this.api.deleteSession(this.streamId, sessionId);
    this.recordings.update((all) => all.filter(({ id }) => id !== sessionId));
  }

  private async ask(cursor: string | undefined, loading: 'first' | 'more'): Promise<void> {
    const asked = ++this.asked;
    this.loading.set(loading);
    try {
      const limit = cursor === undefined ? Math.max(PAGE, Math.min(this.recordings().length, MOST_AT_ONCE)) : PAGE;
      const page = await this.api.recordings(this.streamId, { limit, cursor }, this.filter());
      if (asked !== this.asked) return;
      this.recordings.update((all) => (cursor === undefined ? page.items : joined(all, page.items)));
      this.cursor.set(page.nextCursor);
      this.error.set(null);
    } catch (error) {
      if (asked === this.asked) this.error.set(error);
    } finally {
      if (asked === this.asked) this.loading.set(null);
    }
  }
}

/** Recordings by the day on which they began, in the order they came in. */
export function byDay(recordings: readonly Recording[], zone: TimeZone): DayGroup[] {
  const days = new Map<string, Recording[]>();
  for (const recording of recordings) {
    const day = dayOf(recording.startedAt, zone);
    days.set(day, [...(days.get(day) ?? []), recording]);
  }
  return [...days].map(([day, its]) => ({ day, recordings: its }));
}

/** Unix ms of the end of a recording's media: not the end of the reconnect window, in which nothing came any more. */
export function mediaEndAt(recording: Pick<Recording, 'epochAt' | 'durationMs'>): number {
  return recording.epochAt + recording.durationMs;
}

/** What can be watched of it, ms: without what limits took from its beginning. */
export function watchableMs(recording: Pick<Recording, 'durationMs' | 'mediaFromMs'>): number {
  return recording.mediaFromMs === null ? 0 : Math.max(0, recording.durationMs - recording.mediaFromMs);
}

function joined(all: readonly Recording[], more: readonly Recording[]): readonly Recording[] {
  const known = new Set(all.map(({ id }) => id));
  return [...all, ...more.filter(({ id }) => !known.has(id))];
}
