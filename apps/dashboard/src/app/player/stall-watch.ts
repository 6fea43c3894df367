import { FUTURE_DATA, loadedFrom, type MediaElementLike } from './media-element';

/** What helps a picture that stands although somebody wants it to move. */
export type StallHelp =
  /** Media go on later: there is a hole that nothing will fill. `to`: media time, seconds. */
  | { readonly kind: 'jump'; readonly to: number }
  /** There are media, and the element gets none of them: the source is opened anew. */
  | { readonly kind: 'reopen' };

/** A moment of playback that is wanted. Times are media times in seconds unless they say otherwise. */
export interface StallReading {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly media: Pick<MediaElementLike, 'currentTime' | 'buffered' | 'readyState' | 'seeking'>;
  /** To where media were loaded from here on, also those that the element shows nothing of; null: none. */
  readonly loadedTo: number | null;
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
/** So much that was loaded and is not in the buffer is a track without media, and no rounding, seconds. */
const UNSHOWN = 0.5;
/** Into the media behind a hole, so that the browser does not take it for the hole, seconds. */
const BEYOND = 0.05;

/**
 * Notices that playback stands for good. Media of two tracks are shown only where both are there; when the sound or the picture
 * was away for a while, or a piece could not be loaded, the player may wait for what never comes.
 */
export class StallWatch {
  private at = -1;
  private sought = false;
  private movedAt = 0;
  private patience = REOPEN_AFTER_MS;

  /** @returns what to do now; null: nothing */
  check({ now, media, end, loadedTo }: StallReading): StallHelp | null {
    const { currentTime, readyState, seeking } = media;
    if (currentTime !== this.at || seeking !== this.sought) {
      // What moves again has been helped; a seek of the help itself is no movement.
      if (this.at >= 0 && currentTime > this.at && currentTime - this.at < 1) this.patience = REOPEN_AFTER_MS;
      this.at = currentTime;
      this.sought = seeking;
      this.movedAt = now;
      return null;
    }
    const stoodMs = now - this.movedAt;
    const ahead = loadedFrom(media, currentTime);
    if (stoodMs < JUMP_AFTER_MS || (ahead > NOTHING_MORE && readyState >= FUTURE_DATA)) return null;
    const unshown = loadedTo !== null && loadedTo - currentTime - ahead > UNSHOWN;
    // A seek may take its time, unless what it waits for has been loaded.
    if (seeking && !unshown) return null;
    // What follows the unshown is loaded when the place is there.
    const to = nextLoaded(media) ?? (unshown ? loadedTo + BEYOND : null);
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
