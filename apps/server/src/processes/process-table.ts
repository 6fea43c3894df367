import type { ProcessStatus } from '@media-analyzer/protocol';
import { CpuMeter } from './cpu-meter.js';

/** What a supervised process tells of itself; whose stream it works for is known elsewhere. */
export type ChildStatus = Omit<ProcessStatus, 'streamId'> & {
  /** The session that it works for. */
  readonly sessionId: string | null;
};

/** The children that are supervised right now, and this process itself. */
export class ProcessTable {
  /** Of this process; to be read in regularly. */
  readonly own = new CpuMeter();
  private readonly reads = new Set<() => ChildStatus>();
  private readonly cpuMs = new Map<string, number>();

  /** @returns takes it out again */
  add(read: () => ChildStatus): () => void {
    this.reads.add(read);
    return () => this.reads.delete(read);
  }

  /** In the order in which they were first started. */
  list(): ChildStatus[] {
    return [...this.reads].map((read) => read());
  }

  /** @param cpuMs CPU time that a process has used since it was last told, ms */
  used(name: string, cpuMs: number): void {
    this.cpuMs.set(name, (this.cpuMs.get(name) ?? 0) + Math.max(0, cpuMs));
  }

  /** By kind: CPU time of all that ever ran, ms, and resident memory of those that run, bytes. */
  totals(): Map<string, { cpuMs: number; memoryBytes: number }> {
    const totals = new Map<string, { cpuMs: number; memoryBytes: number }>();
    for (const [name, cpuMs] of this.cpuMs) totals.set(name, { cpuMs, memoryBytes: 0 });
    for (const { name, memoryBytes } of this.list()) {
      const { cpuMs, memoryBytes: others } = totals.get(name) ?? { cpuMs: 0, memoryBytes: 0 };
      totals.set(name, { cpuMs, memoryBytes: others + (memoryBytes ?? 0) });
    }
    return totals;
  }
}
