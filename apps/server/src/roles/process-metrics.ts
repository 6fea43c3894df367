import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { Metrics } from '../metrics.js';
import type { ProcessTable } from '../processes/index.js';

/** Reads this process's own use and carries what children use to the metrics; call it regularly. */
export function createProcessMetricsFeed(table: ProcessTable, metrics: Metrics): () => void {
  const reported = new Map<string, number>();
  return () => {
    const { user, system } = process.cpuUsage();
    table.own.add({ cpuMs: (user + system) / 1000, atMs: performance.now() });
    for (const [name, { cpuMs, memoryBytes }] of table.totals()) {
      metrics.childCpu.inc({ process: name }, (cpuMs - (reported.get(name) ?? 0)) / 1000);
      metrics.childMemory.set({ process: name }, memoryBytes);
      reported.set(name, cpuMs);
    }
  };
}
