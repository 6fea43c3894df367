import { FUTURE_DATA, loadedFrom, type MediaElementLike } from './media-element';

/** A moment of somebody who comes to media with other tracks. */
export interface ChangeReading {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly media: Pick<MediaElementLike, 'currentTime' | 'buffered' | 'seeking' | 'readyState'>;
  /** Media of the present opening were shown. */
  readonly settled: boolean;
  readonly wantsPlay: boolean;
}

/** So close to the end of what is loaded there is nothing left to show, seconds. */
const END = 0.15;
/** So long an element may stand that says itself that it has nothing to show next, ms. */
const STANDS_MS = 1500;
/** More than the pictures that a decoder keeps back, seconds; who stands with more ahead than this stands for another reason. */
const KEPT_BACK = 3;

/**
 * Behind a change of tracks nothing can be loaded into the element as it is: what lies before is played out, then the source is
 * opened anew. Played out is sooner than the end: a decoder keeps pictures back until those arrive that could come before them,
 * and of what follows here none does.
 */
export class TrackChange {
  private stoodAt = -1;
  private stoodSince = 0;

  /** @param at where the other tracks begin, Unix ms on the session's clock; null when that is not known */
  constructor(readonly at: number | null) {}

  /**
   * @returns what is to be opened now: `sought`, the place that was sought to, of which nothing is loaded; `beyond`, what lies
   * behind the change; null: nothing yet
   */
  check({ now, media, settled, wantsPlay }: ChangeReading): 'sought' | 'beyond' | null {
    const ahead = loadedFrom(media, media.currentTime);
    if (media.seeking && ahead === 0) return 'sought';
    const stands = this.stands(now, media) && ahead < KEPT_BACK;
    if (!wantsPlay) return null;
    const seen = !media.seeking && (ahead <= END || !settled);
    return seen || stands ? 'beyond' : null;
  }

  private stands(now: number, { currentTime, readyState }: ChangeReading['media']): boolean {
    if (currentTime !== this.stoodAt || readyState >= FUTURE_DATA) {
      this.stoodAt = currentTime;
      this.stoodSince = now;
    }
    return now - this.stoodSince >= STANDS_MS;
  }
}
