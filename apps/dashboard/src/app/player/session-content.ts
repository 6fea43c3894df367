import { signal } from '@angular/core';
import type { Analysis, Appearance, Page } from '@media-analyzer/protocol';
import { HistoryLoader } from '../overlay/history-loader';
import { OverlayTimeline } from '../overlay/overlay-timeline';
import { SessionRows } from './session-rows';

/** A session of a stream. */
export interface SessionKey {
  readonly streamId: string;
  readonly sessionId: string;
}

/** Where what was not told live is asked for. */
export interface SessionContentOptions {
  analyses(
    session: SessionKey,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<readonly Analysis[]>;
  appearances(session: SessionKey, cursor: string | null): Promise<Page<Appearance>>;
  /** An analysis of before came. */
  loaded(): void;
}

/** What was seen in the session on the page: told live, and fetched where it was not. */
export class SessionContent {
  readonly timeline = new OverlayTimeline();
  /** What appeared in the session; null while there is none. */
  readonly rows = signal<SessionRows | null>(null);
  private history: HistoryLoader | null = null;

  constructor(private readonly options: SessionContentOptions) {}

  /** Forgets the session before. Null: there is none now. */
  open(session: SessionKey | null): void {
    this.close();
    this.timeline.clear();
    this.history = null;
    this.rows.set(null);
    if (!session) return;
    this.history = new HistoryLoader(
      (fromMs, toMs) => this.options.analyses(session, { fromMs, toMs }),
      (analysis) => {
        this.timeline.insert(analysis);
        this.options.loaded();
      },
    );
    const rows = new SessionRows((cursor) => this.options.appearances(session, cursor));
    this.rows.set(rows);
    void rows.refresh();
  }

  /** Results are missing between the newest and those that come next. All are stored: they are fetched like those of before. */
  missed(): void {
    if (this.timeline.newest) this.history?.liveLost(this.timeline.newest.ptsMs);
    this.rows()?.missed();
  }

  /** Takes a result that was told live. */
  take(analysis: Analysis): void {
    this.timeline.insert(analysis);
    this.rows()?.add(analysis);
    void this.rows()?.refresh();
    this.history?.liveFrom(analysis.ptsMs);
  }

  /** Fetches what is missing around the picture. @param at PTS of the picture and of the end so far, ms; `now` of a monotonic clock, ms */
  follow({ ptsMs, endMs, now }: { readonly ptsMs: number; readonly endMs: number; readonly now: number }): void {
    const edgeMs = Math.max(ptsMs, this.timeline.newest?.ptsMs ?? 0, endMs);
    void this.history?.follow({ ptsMs, edgeMs, now });
    void this.rows()?.refresh();
  }

  close(): void {
    this.history?.stop();
    this.rows()?.stop();
  }
}
