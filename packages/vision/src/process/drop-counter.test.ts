import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DropCounter, type DropReport } from './drop-counter.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('reports sums by session and reason, and nothing when nothing was dropped', () => {
  const reports: DropReport[] = [];
  const drops = new DropCounter((report) => reports.push(report), 500);
  for (let index = 0; index < 40; index++) drops.add('a', 'superseded');
  drops.add('a', 'deadline');
  drops.add('b', 'superseded');
  expect(reports).toEqual([]);
  vi.advanceTimersByTime(500);
  expect(reports).toEqual([
    { sessionId: 'a', reason: 'superseded', count: 40 },
    { sessionId: 'a', reason: 'deadline', count: 1 },
    { sessionId: 'b', reason: 'superseded', count: 1 },
  ]);
  vi.advanceTimersByTime(5_000);
  expect(reports).toHaveLength(3);
});

it('gives out what is left when asked, once', () => {
  const reports: DropReport[] = [];
  const drops = new DropCounter((report) => reports.push(report), 500);
  drops.add('a', 'superseded');
  drops.flush();
  vi.advanceTimersByTime(1_000);
  expect(reports).toEqual([{ sessionId: 'a', reason: 'superseded', count: 1 }]);
});
