import { expect, test } from 'vitest';
import { RestartBackoff } from './restart-backoff.js';

const options = { restartMinMs: 100, restartMaxMs: 1_000, stableMs: 10_000, faultsUntilFailed: 3 };

test('waits double up to the longest', () => {
  const backoff = new RestartBackoff(options);
  expect([0, 1, 2, 3, 4, 5].map((now) => backoff.fault(now))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('a stable run makes the next fault a first one again; a short one does not', () => {
  const backoff = new RestartBackoff(options);
  backoff.fault(0);
  backoff.started(100);
  expect(backoff.fault(5_000)).toBe(200);
  backoff.started(5_200);
  expect(backoff.fault(15_200)).toBe(100);
});

test('many faults in a row are a failure', () => {
  const backoff = new RestartBackoff(options);
  expect([0, 1, 2].map((now) => [backoff.fault(now), backoff.failed][1])).toEqual([false, false, true]);
});
