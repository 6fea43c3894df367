import type { Analysis } from '@media-analyzer/protocol';

/** One request covers this much of the session, ms. */
const CHUNK_MS = 10_000;
/** Around the playhead: a minute back for the counts, a little ahead for interpolation. */
const BEHIND_MS = 60_000;
const AHEAD_MS = 10_000;
/** Chunks remembered as loaded; older ones are asked for again when the viewer comes back. */
const MAX_CHUNKS = 60;
const RETRY_AFTER_MS = 5000;

/** Fetches analyses of one session with `fromMs <= PTS < toMs`, all pages. */
export type FetchAnalyses = (fromMs: number, toMs: number) => Promise<readonly Analysis[]>;

/**
 * Fills the timeline with analyses that did not come live: what was before the page was opened, and what the viewer seeks
 * back to. One request at a time, the playhead's own chunk first.
 */
export class HistoryLoader {
  private readonly loaded = new Set<number>();
  private liveFromMs = Infinity;
  private busy = false;
  private stopped = false;
  private retryAt = 0;

  constructor(
    private readonly fetchAnalyses: FetchAnalyses,
    private readonly insert: (analysis: Analysis) => void,
  ) {}

  /** From this PTS on everything comes live. */
  liveFrom(ptsMs: number): void {
    this.liveFromMs = Math.min(this.liveFromMs, ptsMs);
  }

  /** The live connection was lost after this PTS: what comes meanwhile is to be fetched. */
  liveLost(newestPtsMs: number): void {
    this.liveFromMs = Infinity;
    for (const chunk of this.loaded) if ((chunk + 1) * CHUNK_MS > newestPtsMs) this.loaded.delete(chunk);
  }

  stop(): void {
    this.stopped = true;
  }

  /**
   * Call now and then; loads at most one chunk and resolves when it is in (or at once).
   * @param at playhead and live edge (PTS, ms) and a monotonic clock (ms)
   */
  async follow(at: { readonly ptsMs: number; readonly edgeMs: number; readonly now: number }): Promise<void> {
    const { ptsMs, edgeMs, now } = at;
    if (this.busy || this.stopped || now < this.retryAt) return;
    const chunk = this.nextChunk(ptsMs, edgeMs);
    if (chunk === null) return;
    this.busy = true;
    try {
      const analyses = await this.fetchAnalyses(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS);
      if (this.stopped) return;
      for (const analysis of analyses) this.insert(analysis);
      const end = (chunk + 1) * CHUNK_MS;
      // A chunk that reaches past the edge is not complete unless the rest of it comes live.
      if (end <= edgeMs || this.liveFromMs <= end) this.remember(chunk);
      else this.retryAt = now + RETRY_AFTER_MS;
    } catch {
      // The overlay is drawn with what is there; the error is on the page already when the server is gone.
      this.retryAt = now + RETRY_AFTER_MS;
    } finally {
      this.busy = false;
    }
  }

  private nextChunk(ptsMs: number, edgeMs: number): number | null {
    const first = Math.max(0, Math.floor((ptsMs - BEHIND_MS) / CHUNK_MS));
    const here = Math.max(0, Math.floor(ptsMs / CHUNK_MS));
    const last = Math.floor(Math.max(ptsMs, Math.min(ptsMs + AHEAD_MS, edgeMs)) / CHUNK_MS);
    const order = [here];
    for (let chunk = here + 1; chunk <= last; chunk++) order.push(chunk);
    for (let chunk = here - 1; chunk >= first; chunk--) order.push(chunk);
    return order.find((chunk) => !this.loaded.has(chunk) && chunk * CHUNK_MS < this.liveFromMs) ?? null;
  }

  private remember(chunk: number): void {
    this.loaded.add(chunk);
    if (this.loaded.size > MAX_CHUNKS) {
      const oldest = this.loaded.values().next().value;
      if (oldest !== undefined) this.loaded.delete(oldest);
    }
  }
}
