/** Media that follow one another closer than this are one run, seconds: dates and lengths in playlists are rounded. */
const JOINED = 0.5;

/**
 * What was loaded one after the other, up to now. The element's buffer may hold less of it: where one track has nothing, as the
 * picture when only sound was sent, the buffer ends although there are media. Times are media times in seconds.
 */
export class LoadedRun {
  private start = Number.NaN;
  private end = Number.NaN;

  /** Something is asked for that begins here; what does not follow the last begins another run. */
  loading(start: number): void {
    if (Math.abs(start - this.end) > JOINED) this.start = this.end = Number.NaN;
  }

  /** This stretch came. */
  loaded(start: number, end: number): void {
    if (!(Math.abs(start - this.end) <= JOINED)) this.start = start;
    this.end = end;
  }

  /** The end of the run that this place is in, or right before; null when it is in none. */
  through(time: number): number | null {
    return time > this.start - JOINED && time <= this.end ? this.end : null;
  }
}
