import type { CodedSample, HealthWarning } from '@media-analyzer/protocol';

type Timing = Pick<CodedSample, 'dtsMs' | 'capturedAt'>;

/** Media are compared with the time in which they came over stretches of at least this, ms. */
const STRETCH_MS = 5000;
/** Media per time beyond which something is wrong. Encoders that begin with what they have kept come near 1.5 for a stretch. */
const TOO_SLOW = 0.6;
const TOO_FAST = 1.6;
/** When nothing has come for this long, how it came before is no news, ms. */
const SAID_FOR_MS = 30_000;
/** Jumps of the timestamps are counted for so long, ms, and said from so many on. */
const JUMPS_WITHIN_MS = 60_000;
const MANY_JUMPS = 4;

interface Stretch {
  readonly mediaMs: number;
  readonly realMs: number;
}

/** How media of one kind came. */
interface Course {
  /** Where the present stretch begins. */
  readonly first: Timing;
  /** The newest two. */
  readonly stretches: readonly Stretch[];
}

/** Whether a publisher's timestamps go as time does: where they do not, playback stands, jumps or falls behind. */
export class SourcePace {
  readonly #courses = new Map<CodedSample['kind'], Course>();
  #jumps: number[] = [];

  /** A sample on the session's clock. `jumped`: the source's timestamps do not follow on those before. */
  sample({ kind, dtsMs, capturedAt }: CodedSample, jumped: boolean): void {
    if (jumped) {
      this.#jumps = [...this.#jumps.filter((at) => capturedAt - at < JUMPS_WITHIN_MS), capturedAt];
      // What comes after a jump is placed by its arrival: a comparison over it says nothing.
      this.#courses.clear();
    }
    const course = this.#courses.get(kind);
    const first = { dtsMs, capturedAt };
    if (!course) {
      this.#courses.set(kind, { first, stretches: [] });
      return;
    }
    const realMs = capturedAt - course.first.capturedAt;
    if (realMs < STRETCH_MS) return;
    const stretch = { mediaMs: dtsMs - course.first.dtsMs, realMs };
    this.#courses.set(kind, { first, stretches: [...course.stretches.slice(-1), stretch] });
  }

  /** What is wrong with the timestamps, or null. */
  warning(now: number): HealthWarning | null {
    const jumps = this.#jumps.filter((at) => now - at < JUMPS_WITHIN_MS).length;
    if (jumps >= MANY_JUMPS)
      return {
        code: 'timestamps_jump',
        message: `The encoder's timestamps have jumped ${jumps} times in the last minute; playback breaks each time. Start the stream anew in the encoder; an update of it may help.`,
      };
    return this.#paceWarning('video', now) ?? this.#paceWarning('audio', now);
  }

  #paceWarning(kind: CodedSample['kind'], now: number): HealthWarning | null {
    const course = this.#courses.get(kind);
    if (!course || now - course.first.capturedAt > SAID_FOR_MS) return null;
    const [before, last] = course.stretches;
    if (!before || !last) return null;
    // Both have to be off in the same way: media that were held up come all at once.
    const slow = paceOf(before) < TOO_SLOW && paceOf(last) < TOO_SLOW;
    const fast = paceOf(before) > TOO_FAST && paceOf(last) > TOO_FAST;
    if (!slow && !fast) return null;
    const came = `${seconds(before.mediaMs + last.mediaMs)} of media came in ${seconds(before.realMs + last.realMs)}`;
    return {
      code: 'not_real_time',
      message: slow
        ? `Only ${came}: the connection is too slow for the bitrate, the encoder cannot keep up, or its timestamps are wrong. Lower the bitrate and look at the encoder's load; if both are right, start the stream anew.`
        : `${came}: faster than real time. What reads a file has to send it in real time (ffmpeg: -re); the timestamps of a live encoder are wrong: start the stream anew.`,
    };
  }
}

function paceOf({ mediaMs, realMs }: Stretch): number {
  return mediaMs / realMs;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
