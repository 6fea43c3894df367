import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat } from './heartbeat.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function heartbeat(answer: (id: number) => boolean) {
  let expired = 0;
  const beat: Heartbeat = new Heartbeat({
    everyMs: 100,
    deadlineMs: 400,
    ping: (id) => {
      if (answer(id)) beat.answered(id);
    },
    expired: () => {
      expired += 1;
    },
  });
  beat.start();
  return { beat, expired: () => expired };
}

test('answers keep it going', () => {
  const { beat, expired } = heartbeat(() => true);
  vi.advanceTimersByTime(60_000);
  expect(expired()).toBe(0);
  beat.stop();
});

test('silence for the deadline expires it, once', () => {
  const { expired } = heartbeat((id) => id <= 3);
  vi.advanceTimersByTime(700);
  expect(expired()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(expired()).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(expired()).toBe(1);
});

test('a late answer to an old ping counts as far as it goes', () => {
  const { beat, expired } = heartbeat(() => false);
  vi.advanceTimersByTime(400);
  beat.answered(2);
  vi.advanceTimersByTime(200);
  expect(expired()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(expired()).toBe(1);
});

test('nothing expires after stop', () => {
  const { beat, expired } = heartbeat(() => false);
  beat.stop();
  vi.advanceTimersByTime(10_000);
  expect(expired()).toBe(0);
});
