import type { CodedSample, HealthWarning } from '@media-analyzer/protocol';
import { SoundDrift } from './sound-drift.js';

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

/** A while, and whether media came too slowly or too fast in it. */
interface Came extends Stretch {
  readonly off: 'slow' | 'fast' | null;
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
  readonly #drift = new SoundDrift();
  #jumps: number[] = [];

  /** A sample on the session's clock. `jumped`: the source's timestamps do not follow on those before. */
  sample({ kind, dtsMs, capturedAt }: CodedSample, jumped: boolean): void {
    if (jumped) {
      this.#jumps = [...this.#jumps.filter((at) => capturedAt - at < JUMPS_WITHIN_MS), capturedAt];
      // What comes after a jump is placed by its arrival: a comparison over it says nothing.
      this.#courses.clear();
      this.#drift.reset();
    }
    this.#drift.sample({ kind, dtsMs, capturedAt });
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
    const picture = this.#course('video', now);
    const sound = this.#course('audio', now);
    if (!picture) return paceWarning(sound);
    if (picture.off) return paceWarning(picture);
    if (!sound?.off) return this.#drift.warning();
    return {
      code: 'audio_not_real_time',
      message: `${sound.off === 'slow' ? 'Only ' : ''}${lengths(sound, 'sound')}, while the picture keeps time: the sound's timestamps are wrong, and silence may take its place. Start the stream anew in the encoder; an update of it, or another sample rate, may help.`,
    };
  }

  /** How media of one kind have come of late; null while that cannot be told. */
  #course(kind: CodedSample['kind'], now: number): Came | null {
    const course = this.#courses.get(kind);
    if (!course || now - course.first.capturedAt > SAID_FOR_MS) return null;
    const [before, last] = course.stretches;
    if (!before || !last) return null;
    // Both have to be off in the same way: media that were held up come all at once.
    const slow = paceOf(before) < TOO_SLOW && paceOf(last) < TOO_SLOW;
    const fast = paceOf(before) > TOO_FAST && paceOf(last) > TOO_FAST;
    return {
      off: slow ? 'slow' : fast ? 'fast' : null,
      mediaMs: before.mediaMs + last.mediaMs,
      realMs: before.realMs + last.realMs,
    };
  }
}

function paceWarning(came: Came | null): HealthWarning | null {
  if (!came?.off) return null;
  const said = lengths(came, 'media');
  return {
    code: 'not_real_time',
    message:
      came.off === 'slow'
        ? `Only ${said}: the connection is too slow for the bitrate, the encoder cannot keep up, or its timestamps are wrong. Lower the bitrate and look at the encoder's load; if both are right, start the stream anew.`
        : `${said}: faster than real time. What reads a file has to send it in real time (ffmpeg: -re); the timestamps of a live encoder are wrong: start the stream anew.`,
  };
}

function lengths({ mediaMs, realMs }: Stretch, what: string): string {
  return `${seconds(mediaMs)} of ${what} came in ${seconds(realMs)}`;
}

function paceOf({ mediaMs, realMs }: Stretch): number {
  return mediaMs / realMs;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
