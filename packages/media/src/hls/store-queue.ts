import { CodedError, describeError } from '@media-analyzer/protocol';
import type { SegmentInfo, SegmentStore } from './types.js';
import type { LiveSegment } from './window.js';

export interface StoreQueueOptions {
  readonly store: SegmentStore;
  /** The segment is stored, or lost for good. */
  onSettled(segment: LiveSegment, info: SegmentInfo): void;
  /** Storing began to fail, or (null) works again. */
  onProblem(problem: CodedError | null): void;
}

interface Job {
  readonly segment: LiveSegment;
  readonly bytes: Uint8Array;
  readonly initBytes: Uint8Array;
}

/** Segments that wait for a slow store at most: half a minute of media. Further ones are lost. */
const MAX_WAITING = 16;

/**
 * Hands segments to the store one after the other, each init segment before the first segment that needs it. A store that
 * fails or is slow costs segments, never memory or the stream.
 */
export class StoreQueue {
  private readonly jobs: Job[] = [];
  private readonly storedInits = new Set<string>();
  private running: Promise<void> | null = null;
  private failing = false;

  constructor(private readonly options: StoreQueueOptions) {}

  push(job: Job): void {
    if (this.jobs.length >= MAX_WAITING) {
      this.settle(job, this.problem(job.segment.name, `${MAX_WAITING} segments wait already`));
      return;
    }
    this.jobs.push(job);
    this.running ??= this.run();
  }

  /** Bytes of a segment that waits to be stored. */
  waitingBytes(name: string): Uint8Array | null {
    return this.jobs.find((job) => job.segment.name === name)?.bytes ?? null;
  }

  get heldBytes(): number {
    return this.jobs.reduce((sum, job) => sum + (job.segment.bytes ? 0 : job.bytes.length), 0);
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    for (let job = this.jobs[0]; job; job = this.jobs[0]) {
      const problem = await this.put(job);
      this.jobs.shift();
      this.settle(job, problem);
    }
    this.running = null;
  }

  private async put(job: Job): Promise<CodedError | null> {
    const { segment } = job;
    let name = segment.initName;
    try {
      if (!this.storedInits.has(name)) {
        await this.options.store.putInit(name, job.initBytes);
        this.storedInits.add(name);
      }
      name = segment.name;
      await this.options.store.putSegment(segmentInfo(segment, false), job.bytes);
      return null;
    } catch (error) {
      return error instanceof CodedError ? error : this.problem(name, describeError(error), error);
    }
  }

  private problem(path: string, problem: string, cause?: unknown): CodedError {
    return new CodedError('storage_failed', { path, problem }, { cause });
  }

  private settle({ segment }: Job, problem: CodedError | null): void {
    segment.storage = problem ? 'lost' : 'stored';
    if (problem && !this.failing) this.options.onProblem(problem);
    if (!problem && this.failing) this.options.onProblem(null);
    this.failing = problem !== null;
    this.options.onSettled(segment, segmentInfo(segment, problem !== null));
  }
}

function segmentInfo(segment: LiveSegment, gap: boolean): SegmentInfo {
  const { name, msn, startMs, durationMs, size, initName, discontinuity, independent } = segment;
  return { name, msn, startMs, durationMs, bytes: size, initName, discontinuity, independent, gap };
}
