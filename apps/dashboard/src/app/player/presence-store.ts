import { computed, DestroyRef, effect, Injectable, inject, signal, untracked } from '@angular/core';
import type { Presence, ViewerFilter } from '@media-analyzer/protocol';
import { ViewerChoice } from '../overlay/viewer-choice';
import { sameFilter } from '../overlay/viewer-filter';
import { Api } from '../shared/api';
import { Ticker } from '../shared/ticker';
import { appearanceFrom } from './appearances-on-bar';
import { LiveStore } from './live-store';

/** Asked for again this often while the session grows, ms. */
const REFRESH_MS = 5000;
/** After an answer that did not come, ms. */
const RETRY_MS = 5000;
/** Columns asked for: about one a pixel of the bar. */
const COLUMNS = 900;

interface Asked {
  readonly filter: ViewerFilter;
  readonly range: { readonly fromMs: number; readonly toMs: number };
}

/** When which class was there for this viewer in the session that is played, as far as its bar shows it. */
@Injectable()
export class PresenceStore {
  private readonly api = inject(Api);
  private readonly store = inject(LiveStore);
  private readonly choice = inject(ViewerChoice);
  private readonly ticker = inject(Ticker);
  private readonly loaded = signal<{ readonly presence: Presence; readonly asked: Asked } | null>(null);
  private readonly range = signal<Asked['range'] | null>(null);
  private readonly busy = signal(false);
  private readonly ofSession = computed(() => {
    const loaded = this.loaded();
    return loaded?.presence.sessionId === this.store.session()?.id ? loaded : null;
  });
  readonly shown = computed(() => this.ofSession()?.presence ?? null);
  /** The session that is played has pictures: to ask for one before is an error in the browser's console. */
  readonly pictures = computed(() => this.shown()?.pictures === true);
  private askedAt = 0;
  private failedAt = Number.NEGATIVE_INFINITY;
  private gone = false;

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.gone = true;
    });
    effect(() => {
      const now = this.ticker.now();
      const [session, range, filter] = [this.store.session(), this.range(), this.choice.settledFilter()];
      const loaded = this.ofSession();
      if (!session || !range || this.busy() || now - this.failedAt < RETRY_MS) return;
      const answered = loaded !== null && loaded.asked.range === range && sameFilter(loaded.asked.filter, filter);
      const settled = this.store.watching() || now - this.askedAt < REFRESH_MS;
      if (!answered || !settled) untracked(() => void this.load(session, { filter, range }));
    });
  }

  /** The bar shows this stretch of the session now, PTS in ms. */
  follow(fromMs: number, toMs: number): void {
    const range = this.range();
    if (range && Math.abs(range.fromMs - fromMs) < REFRESH_MS && Math.abs(range.toMs - toMs) < REFRESH_MS) return;
    this.range.set({ fromMs, toMs });
  }

  /** Where a class that the viewer wants comes in, next to a moment, PTS in ms; null when there is none. */
  appearanceFrom(ptsMs: number, direction: 1 | -1): number | null {
    return appearanceFrom(this.shown()?.classes ?? [], ptsMs, direction);
  }

  private async load(session: { readonly id: string; readonly streamId: string }, asked: Asked): Promise<void> {
    if (this.gone) return;
    this.busy.set(true);
    this.askedAt = this.ticker.now();
    const { range, filter } = asked;
    try {
      const everyMs = (range.toMs - range.fromMs) / COLUMNS;
      const presence = await this.api.presence(session.streamId, { sessionId: session.id, ...range, everyMs }, filter);
      this.loaded.set({ presence, asked });
    } catch {
      // The bar is drawn without; the page says what is wrong with the server.
      this.failedAt = this.ticker.now();
    } finally {
      this.busy.set(false);
    }
  }
}
