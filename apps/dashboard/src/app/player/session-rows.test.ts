import type { Appearance } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { analysisAt } from '../overlay/testing';
import { SessionRows } from './session-rows';

const stay = (trackId: number, fromMs: number, toMs = fromMs + 500): Appearance => ({
  ...{ id: `session-${trackId}`, kind: 'appearance', label: 'dog', fromMs, toMs, score: 0.5, status: 'provisional' },
  ...{
    coverage: null,
    evidence: [{ ptsMs: fromMs, box: [0, 0, 0.1, 0.1], score: 0.5 }],
    sessionId: 'session',
    trackId,
  },
  ...{ model: 'model', certainty: 'sure', sureMs: fromMs, verySureMs: null },
});

/** A server with appearances 1..n, one a second, in pages of three. */
function make(count: number) {
  const stored = Array.from({ length: count }, (_, i) => stay(i + 1, (i + 1) * 1000)).reverse();
  const clock = { now: 0 };
  const asked: (string | null)[] = [];
  let broken = false;
  const rows = new SessionRows(
    async (cursor) => {
      asked.push(cursor);
      if (broken) throw new Error('gone');
      const start = Number(cursor ?? 0);
      const nextCursor = start + 3 < stored.length ? String(start + 3) : null;
      return { items: stored.slice(start, start + 3), nextCursor };
    },
    () => clock.now,
  );
  const tracks = () => rows.rows().map(({ trackId }) => trackId);
  return {
    rows,
    tracks,
    clock,
    asked,
    stored,
    breakServer: (value: boolean) => {
      broken = value;
    },
  };
}

describe('the rows of a session', () => {
  it('come newest first, page by page, to the beginning', async () => {
    const { rows, tracks } = make(7);
    await rows.refresh();
    expect(tracks()).toEqual([7, 6, 5]);
    expect(rows.complete()).toBe(false);
    await rows.loadEarlier();
    await rows.loadEarlier();
    expect(tracks()).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(rows.complete()).toBe(true);
  });

  it('grow with what comes live, whatever is being watched', async () => {
    const { rows, tracks, clock } = make(2);
    await rows.refresh();
    for (let pts = 60_000; pts < 61_000; pts += 100) {
      clock.now += 100;
      rows.add(analysisAt(pts, [['person', 9]]));
    }
    expect(tracks()).toEqual([9, 2, 1]);
    expect(rows.rows()[0]).toMatchObject({ label: 'person', fromMs: 60_000 });
    expect(rows.rows()[0]!.toMs).toBeGreaterThanOrEqual(60_500);
  });

  it('join what is stored with what came live of the same object', async () => {
    const { rows, clock } = make(1);
    clock.now = 1000;
    rows.add(analysisAt(1800, [['dog', 1, undefined, 0.7]]));
    await rows.refresh();
    expect(rows.rows()).toMatchObject([{ trackId: 1, fromMs: 1000, toMs: 1800 }]);
  });

  it('read the newest page again after something was missed, and keep how far back they go', async () => {
    const { rows, tracks, asked, stored } = make(7);
    await rows.refresh();
    await rows.loadEarlier();
    stored.unshift(stay(8, 8000));
    rows.missed();
    await rows.refresh();
    await rows.refresh();
    expect(asked).toEqual([null, '3', null]);
    expect(tracks()).toEqual([8, 7, 6, 5, 4, 3, 2]);
    expect(rows.complete()).toBe(false);
  });

  it('try again a while after the server could not be reached', async () => {
    const { rows, tracks, clock, asked, breakServer } = make(2);
    breakServer(true);
    await rows.refresh();
    await rows.refresh();
    expect(asked).toHaveLength(1);
    breakServer(false);
    clock.now = 5001;
    await rows.refresh();
    expect(tracks()).toEqual([2, 1]);
  });

  it('stay in bounds over a day, the newest kept', () => {
    const { rows, clock } = make(0);
    for (let id = 1; id <= 6000; id++) {
      clock.now += 1000;
      rows.add(analysisAt(id * 1000, [['person', id]]));
    }
    expect(rows.rows()).toHaveLength(5000);
    expect(rows.rows()[0]!.trackId).toBe(6000);
  });
});
