import { CodedError, describeError, type VideoCodec } from '@media-analyzer/protocol';
import type { FromMedia } from '@media-analyzer/protocol/process';

type Problem = Extract<FromMedia, { type: 'problem' }>;

/** Least time between two reports, ms: a broken stream fails with every sample. */
const REPORT_EVERY_MS = 1_000;

/** Tells of problems with pictures at once when they begin, then summed up. */
export class ProblemReport {
  private count = 0;
  private latest: Pick<Problem, 'code' | 'details'> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly send: (problem: Problem) => void) {}

  /** The decoder refused what the encoder sent. */
  undecodable(codec: VideoCodec, error: unknown): void {
    this.add({ code: 'decode_failed', details: { codec, problem: textOf(error) } });
  }

  /** A picture was decoded and then could not be scaled or encoded. @param use what it was to become */
  unusable(use: string, error: unknown): void {
    this.add({ code: 'picture_failed', details: { use, problem: textOf(error) } });
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private add(problem: Pick<Problem, 'code' | 'details'>): void {
    this.count += 1;
    this.latest = problem;
    if (!this.timer) this.flush();
  }

  private flush(): void {
    this.timer = null;
    if (!this.latest || this.count === 0) return;
    const { code, details } = this.latest;
    this.send({ type: 'problem', code, details: { ...details, count: String(this.count) } });
    this.count = 0;
    this.timer = setTimeout(() => this.flush(), REPORT_EVERY_MS);
  }
}

function textOf(error: unknown): string {
  return error instanceof CodedError ? String(error.details.problem) : describeError(error);
}
