import { CodedError, describeError, type VideoCodec } from '@media-analyzer/protocol';
import type { FromMedia } from '@media-analyzer/protocol/process';

type Problem = Extract<FromMedia, { type: 'problem' }>;

/** Least time between two reports, ms: a broken stream fails with every sample. */
const REPORT_EVERY_MS = 1_000;

/** Tells of decoding problems at once when they begin, then summed up. */
export class ProblemReport {
  private count = 0;
  private latest: { codec: string; problem: string } | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly send: (problem: Problem) => void) {}

  add(codec: VideoCodec, error: unknown): void {
    const problem = error instanceof CodedError ? String(error.details.problem) : describeError(error);
    this.count += 1;
    this.latest = { codec, problem };
    if (!this.timer) this.flush();
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private flush(): void {
    this.timer = null;
    if (!this.latest || this.count === 0) return;
    this.send({ type: 'problem', code: 'decode_failed', details: { ...this.latest, count: String(this.count) } });
    this.count = 0;
    this.timer = setTimeout(() => this.flush(), REPORT_EVERY_MS);
  }
}
