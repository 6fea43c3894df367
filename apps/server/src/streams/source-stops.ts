import type { CodedSample, HealthWarning } from '@media-analyzer/protocol';

type Kind = CodedSample['kind'];

/** Longer than the pauses of any encoder that sends all the time, ms. */
const PATIENCE_MS = 6000;
/** Of media that come seldom so many of the usual distances are waited for. */
const PATIENCE_DISTANCES = 3;
/** Distances that tell what is usual. */
const REMEMBERED = 8;

const WORDS: Readonly<Record<Kind, { code: HealthWarning['code']; what: string; other: string; advice: string }>> = {
  video: {
    ...{ code: 'video_stopped', what: 'picture', other: 'sound' },
    advice: 'Look at the encoder: its camera or capture may be gone.',
  },
  audio: {
    ...{ code: 'audio_stopped', what: 'sound', other: 'picture' },
    advice: 'Viewers hear silence; look at the audio source of the encoder.',
  },
};

interface Flow {
  /** When the newest sample came, Unix ms. */
  newestAt: number;
  /** Between the newest ones, ms. */
  readonly distances: number[];
}

/** Whether one of the two kinds of media stopped while the other one goes on. */
export class SourceStops {
  readonly #flows = new Map<Kind, Flow>();

  sample({ kind, capturedAt }: CodedSample): void {
    const flow = this.#flows.get(kind);
    if (!flow) {
      this.#flows.set(kind, { newestAt: capturedAt, distances: [] });
      return;
    }
    if (flow.distances.length === REMEMBERED) flow.distances.shift();
    flow.distances.push(capturedAt - flow.newestAt);
    flow.newestAt = capturedAt;
  }

  /** It comes, and cannot be passed on, which is said for itself. */
  forget(kind: Kind): void {
    this.#flows.delete(kind);
  }

  /** What stopped; null when nothing did, or both: then the publisher is silent. */
  warning(now: number): HealthWarning | null {
    const stopped = [...this.#flows].filter(([, flow]) => now - flow.newestAt > patience(flow));
    const [one] = stopped;
    if (!one || stopped.length === this.#flows.size) return null;
    const [kind, { newestAt }] = one;
    const { code, what, other, advice } = WORDS[kind];
    const forSeconds = Math.round((now - newestAt) / 1000);
    return { code, message: `No ${what} has come for ${forSeconds} s, while the ${other} goes on. ${advice}` };
  }
}

function patience({ distances }: Flow): number {
  return Math.max(PATIENCE_MS, PATIENCE_DISTANCES * Math.max(0, ...distances));
}
