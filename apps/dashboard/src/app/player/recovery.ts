import type { EngineError } from './stream-engine';

/** What is done about an error. `afterMs`: how long to wait before, ms. */
export type Recovery =
  /** Go on loading where it stopped, which keeps the picture on screen. */
  | { readonly kind: 'resume'; readonly afterMs: number }
  /** Open the source anew, so many seconds past the place where the viewer was. */
  | { readonly kind: 'reopen'; readonly afterMs: number; readonly skipSeconds: number };

/** An error and what is known about the moment in which it came. */
export interface Trouble {
  readonly error: EngineError;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Where the viewer is, on the session's clock, Unix ms; null while nothing was shown. */
  readonly placeAt: number | null;
  /** The playlist was read, so there is something to go on with. */
  readonly loaded: boolean;
  /** The viewer wants it to move: where they are is what cannot be decoded. Who is paused keeps the picture they look at. */
  readonly moving: boolean;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;
/** What is not there yet is asked for at this pace, ms: it comes with the encoder's next keyframe. */
const NOT_READY_RETRY_MS = 2000;
/** Tries to go on after network errors before everything is loaded anew. */
const RESUMES_BEFORE_REOPEN = 6;
/** Decoder errors within this time are one trouble, ms. */
const DECODER_WINDOW_MS = 30_000;
/** New decoders within that time that are tried at once; then there are pauses. */
const DECODERS_AT_ONCE = 3;
/** Errors no further apart than this come from the same media, ms of media. */
const SAME_PLACE_MS = 4000;
/** So often media are loaded anew, for a new decoder, before they are jumped over. */
const FAILURES_BEFORE_SKIP = 2;
/** The first jump over media that no decoder takes, seconds; each further one is twice as long. */
const FIRST_SKIP = 2;
const MAX_SKIP = 30;

/**
 * Decides how playback is brought back after an error. It never stops trying, because the source may become good again by
 * itself (a server that restarts, an encoder that is set right, to another codec too). Media that a fresh decoder refuses at
 * the same place, and those that the browser has no decoder for, are loaded anew, then jumped over, a little further each time.
 */
export class RecoveryPolicy {
  private attempts = 0;
  private decoderErrors: number[] = [];
  private brokenAt: number | null = null;
  /** Errors in a row at that place, and how often it was jumped over for them. */
  private failures = 0;
  private jumps = 0;

  /** What comes soon after the place of the last error fails too. */
  get repeats(): boolean {
    return this.failures > 1;
  }

  /** Another source is played: nothing of what was learnt holds. */
  reset(): void {
    this.attempts = 0;
    this.decoderErrors = [];
    this.brokenAt = null;
    this.failures = 0;
    this.jumps = 0;
  }

  /** Media came in, or what was wrong may have been set right: the next tries come soon after one another. */
  hope(): void {
    this.attempts = 0;
  }

  decide(trouble: Trouble): Recovery {
    switch (trouble.error.kind) {
      case 'codec':
        return { kind: 'reopen', afterMs: this.delay(), skipSeconds: this.skip(trouble) };
      case 'not-ready':
        return { kind: 'reopen', afterMs: NOT_READY_RETRY_MS, skipSeconds: 0 };
      case 'network':
        return trouble.loaded && this.attempts < RESUMES_BEFORE_REOPEN
          ? { kind: 'resume', afterMs: this.delay() }
          : { kind: 'reopen', afterMs: this.delay(), skipSeconds: 0 };
      case 'decoder':
        return this.decideDecoder(trouble);
      case 'other':
        return { kind: 'reopen', afterMs: this.delay(), skipSeconds: 0 };
    }
  }

  private decideDecoder(trouble: Trouble): Recovery {
    const { now } = trouble;
    this.decoderErrors = [...this.decoderErrors.filter((at) => now - at < DECODER_WINDOW_MS), now];
    const afterMs = this.decoderErrors.length > DECODERS_AT_ONCE ? this.delay() : 0;
    return { kind: 'reopen', afterMs, skipSeconds: this.skip(trouble) };
  }

  /** How far the viewer is to be moved on, seconds: not at all, before they have failed at this place again and again. */
  private skip({ placeAt, moving }: Trouble): number {
    const again = placeAt !== null && this.brokenAt !== null && Math.abs(placeAt - this.brokenAt) < SAME_PLACE_MS;
    this.brokenAt = placeAt;
    this.failures = again ? this.failures + 1 : 1;
    if (!again) this.jumps = 0;
    // What failed while they looked at one picture is no reason to take them far from it when they play on.
    if (!moving || this.failures <= FAILURES_BEFORE_SKIP) return 0;
    return Math.min(MAX_SKIP, FIRST_SKIP * 2 ** this.jumps++);
  }

  /** Grows with each failure in a row. */
  private delay(): number {
    return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempts++);
  }
}
