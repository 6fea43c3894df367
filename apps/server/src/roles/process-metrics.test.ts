import { expect, it } from 'vitest';
import { createMetrics } from '../metrics.js';
import { type ChildStatus, ProcessTable } from '../processes/index.js';
import { createProcessMetricsFeed } from './process-metrics.js';

const child = (name: string, memoryBytes: number | null): ChildStatus => ({
  ...{ name, sessionId: null, pid: 42, state: 'running', cpu: null, memoryBytes },
  ...{ restarts: 0, startedAt: 1_790_000_000_000, lastProblem: null },
});

it('carries what children used to the metrics by their kind, and never takes back what one used that has ended', async () => {
  const table = new ProcessTable();
  const metrics = createMetrics();
  const feed = createProcessMetricsFeed(table, metrics);
  const values = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => /_child_.*\{/.test(line) && !line.startsWith('#'));

  const leave = [10e6, 20e6].map((bytes) => table.add(() => child('media', bytes)));
  table.used('media', 1500);
  table.used('media', 500);
  feed();
  feed(); // Nothing new: nothing is counted twice.
  expect(await values()).toEqual([
    'media_analyzer_child_cpu_seconds_total{process="media"} 2',
    'media_analyzer_child_resident_bytes{process="media"} 30000000',
  ]);

  for (const remove of leave) remove();
  table.add(() => child('vision', null)); // Started, not yet heard of.
  table.used('media', 250);
  feed();
  expect(await values()).toEqual([
    'media_analyzer_child_cpu_seconds_total{process="media"} 2.25',
    'media_analyzer_child_cpu_seconds_total{process="vision"} 0',
    'media_analyzer_child_resident_bytes{process="media"} 0',
    'media_analyzer_child_resident_bytes{process="vision"} 0',
  ]);
  expect(table.list().map(({ name }) => name)).toEqual(['vision']);
});

it('reads the use of this process itself', () => {
  const table = new ProcessTable();
  const feed = createProcessMetricsFeed(table, createMetrics());
  feed();
  const until = performance.now() + 20;
  while (performance.now() < until); // Something to be seen.
  feed();
  expect(table.own.cores).toBeGreaterThan(0);
});
