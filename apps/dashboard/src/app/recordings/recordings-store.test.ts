import { DEFAULT_FILTER, type Page, type Recording, type ViewerFilter } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { recordingOf } from '../shared/testing';
import { byDay, mediaEndAt, RecordingsStore, watchableMs } from './recordings-store';

/** Two pages of recordings; answers wait for their turn when a test says so. */
class FakeApi {
  pages = new Map<string | undefined, Page<Recording>>([
    [undefined, { items: [recordingOf({ id: 'c' }), recordingOf({ id: 'b' })], nextCursor: 'next' }],
    ['next', { items: [recordingOf({ id: 'b' }), recordingOf({ id: 'a' })], nextCursor: null }],
  ]);
  readonly deleted: string[] = [];
  failure: Error | null = null;
  gates: Promise<void>[] = [];

  /** How many were asked for, and at which level. */
  readonly asked: [number, string][] = [];

  async recordings(
    _streamId: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
    { certainty }: ViewerFilter,
  ) {
    this.asked.push([limit, certainty]);
    await this.gates.shift();
    if (this.failure) throw this.failure;
    return this.pages.get(cursor)!;
  }

  async recording(_streamId: string, sessionId: string) {
    if (this.failure) throw this.failure;
    return recordingOf({ id: sessionId, durationMs: 99_000, onAir: true });
  }

  async deleteSession(_streamId: string, sessionId: string) {
    if (this.failure) throw this.failure;
    this.deleted.push(sessionId);
  }
}

const ids = (store: RecordingsStore) => store.recordings().map(({ id }) => id);

describe('the recordings of a stream', () => {
  it('come page by page, each once', async () => {
    const store = new RecordingsStore(new FakeApi(), 'stream', () => DEFAULT_FILTER);
    const first = store.load();
    expect(store.loading()).toBe('first');
    await first;
    expect([ids(store), store.more()]).toEqual([['c', 'b'], true]);
    await store.loadMore();
    expect([ids(store), store.more()]).toEqual([['c', 'b', 'a'], false]);
  });

  it('stay on the page when a reload fails, with what went wrong', async () => {
    const api = new FakeApi();
    const store = new RecordingsStore(api, 'stream', () => DEFAULT_FILTER);
    await store.load();
    api.failure = new Error('away');
    await store.load();
    expect([ids(store), store.error(), store.loading()]).toEqual([['c', 'b'], api.failure, null]);
    api.failure = null;
    await store.load();
    expect(store.error()).toBeNull();
  });

  it('show the newest answer when an older one comes late', async () => {
    const api = new FakeApi();
    const store = new RecordingsStore(api, 'stream', () => DEFAULT_FILTER);
    let open = () => {};
    api.gates = [new Promise((resolve) => (open = resolve))];
    const late = store.load();
    await store.load();
    api.pages.set(undefined, { items: [], nextCursor: null });
    open();
    await late;
    expect([ids(store), store.loading()]).toEqual([['c', 'b'], null]);
  });

  it('are asked for with what the viewer wants to see by then, as many as there are', async () => {
    const api = new FakeApi();
    api.pages.set(undefined, {
      items: Array.from({ length: 30 }, (_, index) => recordingOf({ id: String(index) })),
      nextCursor: null,
    });
    let filter = DEFAULT_FILTER;
    const store = new RecordingsStore(api, 'stream', () => filter);
    await store.load();
    filter = { ...DEFAULT_FILTER, certainty: 'raw' };
    await store.load();
    expect(api.asked).toEqual([
      [20, 'sure'],
      [30, 'raw'],
    ]);
  });

  it('that are on air are brought up to date by themselves; the others stay as they are', async () => {
    const api = new FakeApi();
    api.pages.set(undefined, {
      items: [recordingOf({ id: 'c', onAir: true, durationMs: 1000 }), recordingOf({ id: 'b', onAir: false })],
      nextCursor: null,
    });
    const store = new RecordingsStore(api, 'stream', () => DEFAULT_FILTER);
    await store.load();
    const [, ended] = store.recordings();
    api.failure = new Error('away');
    await store.refresh();
    expect([store.recordings()[0]?.durationMs, store.error()]).toEqual([1000, null]);
    api.failure = null;
    await store.refresh();
    expect(store.recordings()[0]?.durationMs).toBe(99_000);
    expect(store.recordings()[1]).toBe(ended);
  });

  it('go from the list when they are deleted, and stay when the server refuses', async () => {
    const api = new FakeApi();
    const store = new RecordingsStore(api, 'stream', () => DEFAULT_FILTER);
    await store.load();
    await store.remove('c');
    expect([ids(store), api.deleted]).toEqual([['b'], ['c']]);
    api.failure = new Error('on air');
    await expect(store.remove('b')).rejects.toThrow('on air');
    expect(ids(store)).toEqual(['b']);
  });

  it('are grouped by the day that the viewer’s zone gives them', () => {
    const late = recordingOf({ id: 'late', startedAt: Date.UTC(2026, 10, 25, 0, 30) });
    const early = recordingOf({ id: 'early', startedAt: Date.UTC(2026, 10, 24, 23, 30) });
    expect(byDay([late, early], 'utc').map(({ day, recordings }) => [day, recordings.length])).toEqual([
      ['2026-11-25', 1],
      ['2026-11-24', 1],
    ]);
  });

  it('last as long as their media, not as long as the server waited for the publisher', () => {
    const recording = recordingOf({ epochAt: 1000, durationMs: 31_000, endedAt: 62_000, mediaFromMs: 11_000 });
    expect([mediaEndAt(recording), watchableMs(recording)]).toEqual([32_000, 20_000]);
    expect(watchableMs({ durationMs: 31_000, mediaFromMs: null })).toBe(0);
  });
});
