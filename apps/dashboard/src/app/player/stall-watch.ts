import { loadedFrom, type MediaElementLike } from './media-element';

/** What helps a picture that stands although somebody wants it to move. */
export type StallHelp =
  /** Media go on a little later: there is a hole that nothing will fill. `to`: media time, seconds. */
  | { readonly kind: 'jump'; readonly to: number }
  /** There are media, and the element gets none of them: the source is opened anew. */
  | { readonly kind: 'reopen' };

/** A moment of playback that is wanted. Times are media times in seconds unless they say otherwise. */
export interface StallReading {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly media: Pick<MediaElementLike, 'currentTime' | 'buffered'>;
  /** End of what the playlist has; null while not known. */
  readonly end: number | null;
}

/** So long the player's own ways out of a stall have, ms. */
const JUMP_AFTER_MS = 3000;
/** So long media may take to come over a slow network before the source is opened anew, ms; doubles with each time. */
const REOPEN_AFTER_MS = 12_000;
const MAX_REOPEN_AFTER_MS = 120_000;
/** Less than this behind the end of the playlist nothing is missing: the encoder has sent no more, seconds. */
const NOTHING_MORE = 3;
/** Into the media behind a hole, so that the browser does not take it for the hole, seconds. */
const BEYOND = 0.05;

/**
 * Notices that playback stands for good. Media of two tracks are shown only where both are there; when the sound was away for
 * a while, or a piece could not be loaded, the player may wait for what never comes.
 */
export class StallWatch {
  private at = -1;
  private movedAt = 0;
  private patience = REOPEN_AFTER_MS;

  /** @returns what to do now; null: nothing */
  check({ now, media, end }: StallReading): StallHelp | null {
    const { currentTime } = media;
    if (currentTime !== this.at) {
      // What moves again has been helped; a seek of the help itself is no movement.
      if (this.at >= 0 && currentTime > this.at && currentTime - this.at < 1) this.patience = REOPEN_AFTER_MS;
      this.at = currentTime;
      this.movedAt = now;
      return null;
    }
    const stoodMs = now - this.movedAt;
    if (stoodMs < JUMP_AFTER_MS || loadedFrom(media, currentTime) > NOTHING_MORE) return null;
    const to = nextLoaded(media);
    if (to !== null) return this.helped(now, { kind: 'jump', to });
    if (end === null || end - currentTime < NOTHING_MORE || stoodMs < this.patience) return null;
    this.patience = Math.min(MAX_REOPEN_AFTER_MS, this.patience * 2);
    return this.helped(now, { kind: 'reopen' });
  }

  /** Nobody expects it to move, or it has just been given another source. */
  rest(): void {
    this.at = -1;
  }

  private helped(now: number, help: StallHelp): StallHelp {
    this.movedAt = now;
    return help;
  }
}

/** Where loaded media begin behind the place, seconds; null when there are none. */
function nextLoaded({ currentTime, buffered }: StallReading['media']): number | null {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) > currentTime + BEYOND) return buffered.start(i) + BEYOND;
  }
  return null;
}
