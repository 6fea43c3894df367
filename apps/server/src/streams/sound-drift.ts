import type { CodedSample, HealthWarning } from '@media-analyzer/protocol';

/** Where the sound stands is told from so many of its samples, some seconds: it comes in pieces, and the network halts. */
const AVERAGED = 200;
/** How sound and picture belong together is learnt for so long, ms: encoders begin with what they have kept. */
const LEARNT_FOR_MS = 10_000;
/** What is further from its place than this is noticed by everybody, ms. */
const MOVED_MS = 700;

/** Whether the sound moves against the picture, little by little: its timestamps are those of another clock. */
export class SoundDrift {
  /** Timestamp minus arrival of the newest picture, ms: what holds up both, moves neither against the other. */
  #pictureMs: number | null = null;
  #startedAt = 0;
  #now = 0;
  #samples = 0;
  /** The sound before the picture, ms: averaged over the last samples, and as it was when learnt. */
  #leadMs = 0;
  #learntMs: number | null = null;

  sample({ kind, dtsMs, capturedAt }: Pick<CodedSample, 'kind' | 'dtsMs' | 'capturedAt'>): void {
    const aheadMs = dtsMs - capturedAt;
    if (kind === 'video') this.#pictureMs = aheadMs;
    else if (this.#pictureMs !== null) this.#sound(aheadMs - this.#pictureMs, capturedAt);
  }

  /** The timeline broke. */
  reset(): void {
    this.#pictureMs = null;
    this.#samples = 0;
    this.#leadMs = 0;
    this.#learntMs = null;
  }

  warning(): HealthWarning | null {
    if (this.#learntMs === null) return null;
    const movedMs = this.#leadMs - this.#learntMs;
    if (Math.abs(movedMs) < MOVED_MS) return null;
    const percent = (Math.abs(movedMs) / (this.#now - this.#startedAt)) * 100;
    const much = percent < 0.1 ? 'a trifle' : `about ${percent.toFixed(1)} %`;
    const [way, speed] = movedMs < 0 ? ['behind', 'slow'] : ['ahead of', 'fast'];
    return {
      code: 'audio_not_real_time',
      message: `The sound has moved ${(Math.abs(movedMs) / 1000).toFixed(1)} s ${way} the picture since the stream began: its clock runs ${much} too ${speed}. Set one sample rate (48 kHz) for the encoder and its sound source, and start the stream anew.`,
    };
  }

  #sound(leadMs: number, at: number): void {
    if (this.#samples === 0) this.#startedAt = at;
    this.#now = at;
    this.#samples += 1;
    this.#leadMs += (leadMs - this.#leadMs) / Math.min(this.#samples, AVERAGED);
    if (this.#learntMs === null && at - this.#startedAt >= LEARNT_FOR_MS) {
      this.#learntMs = this.#leadMs;
      this.#startedAt = at;
    }
  }
}
