/**
 * When the next picture of a session is due. The media process, which makes it, and the server, which sends no keyframe that
 * would not become one, agree on it.
 */
export class PicturePace {
  private lastMs: number | null = null;

  /** @param everyMs least distance of two pictures, ms of stream time */
  constructor(private readonly everyMs: number) {}

  /** Whether a frame of this time would become a picture; also after a jump back in time. */
  due(ptsMs: number): boolean {
    return this.lastMs === null || ptsMs < this.lastMs || ptsMs - this.lastMs >= this.everyMs;
  }

  /** A picture is made, or was, of the frame of this time. */
  made(ptsMs: number): void {
    this.lastMs = ptsMs;
  }
}
