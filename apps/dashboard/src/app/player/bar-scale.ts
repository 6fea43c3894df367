import type { PlaylistSpan } from '../overlay/frame-clock';

/** The bar of the player: what the playlist has of the session clock, and where. Media time has no gaps, the clock has. */
export class BarScale {
  private readonly spans: readonly { readonly start: number; readonly end: number; readonly ptsMs: number }[];

  /**
   * @param segments of the playlist, in order
   * @param epochAt Unix ms of PTS 0
   * @param window seconds of media time that the bar stands for
   */
  constructor(
    segments: readonly PlaylistSpan[],
    epochAt: number,
    private readonly window: { readonly start: number; readonly end: number },
  ) {
    this.spans = segments.flatMap(({ start, end, dateAt }) =>
      dateAt === null ? [] : [{ start, end, ptsMs: dateAt - epochAt }],
    );
  }

  /** PTS at this share of the bar (0..1), ms; null where nothing is known. */
  ptsAt(share: number): number | null {
    const time = this.window.start + share * (this.window.end - this.window.start);
    const span = this.spans[Math.max(0, this.after((item) => item.start <= time) - 1)];
    return span ? span.ptsMs + Math.min(Math.max(0, time - span.start), span.end - span.start) * 1000 : null;
  }

  /** Share of the bar at which this PTS is, 0..1; what lies in a gap is where the gap is, what lies outside at the end. */
  shareOf(ptsMs: number): number {
    const span = this.spans[Math.max(0, this.after((item) => item.ptsMs <= ptsMs) - 1)];
    if (!span) return 0;
    const time = span.start + Math.min(Math.max(0, (ptsMs - span.ptsMs) / 1000), span.end - span.start);
    return this.share(time);
  }

  /** Share of the bar at which this media time is, 0..1. */
  share(time: number): number {
    const length = this.window.end - this.window.start;
    return length > 0 ? Math.min(1, Math.max(0, (time - this.window.start) / length)) : 0;
  }

  private after(holds: (span: BarScale['spans'][number]) => boolean): number {
    let low = 0;
    let high = this.spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.spans[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
