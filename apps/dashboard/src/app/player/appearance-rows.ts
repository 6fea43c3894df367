import { LiveAnnouncer } from '@angular/cdk/a11y';
import {
  afterRenderEffect,
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  effect,
  inject,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { MatMenuModule } from '@angular/material/menu';
import { type Appearance, countsForViewer, countsFromMs, filterQuery, sightedBy } from '@media-analyzer/protocol';
import { ClockTime } from '../shared/clock-time';
import { formatClock, formatCount, formatDuration, formatPercent } from '../shared/format';
import { Icon } from '../shared/icon';
import { LiveStore } from './live-store';
import { rowWindow, scrollFor } from './row-window';

/** Pixels; as in the style sheet. */
const ROW_HEIGHT = 28;
const LIST_HEIGHT = 336;
/** An object seen this short before the live edge is in the picture, ms. */
const HERE_MS = 1500;
/** Earlier rows are fetched when so many are left below. */
const AHEAD_ROWS = 20;

/** All that appeared in the session, up to its live edge wherever the viewer is; the list follows what is watched. */
@Component({
  selector: 'ma-appearance-rows',
  imports: [Icon, MatMenuModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './appearance-rows.html',
  styleUrl: './appearance-rows.scss',
})
export class AppearanceRows {
  protected readonly store = inject(LiveStore);
  private readonly announcer = inject(LiveAnnouncer);
  private readonly time = inject(ClockTime);
  private readonly scroller = viewChild<ElementRef<HTMLElement>>('scroller');
  protected readonly clock = formatClock;
  protected readonly duration = formatDuration;
  protected readonly count = formatCount;

  private readonly all = computed(() => this.store.rows()?.rows() ?? []);
  protected readonly rows = computed(() => {
    const filter = this.store.filter();
    return this.all().filter((row) => countsForViewer(sightedBy(row), filter));
  });
  protected readonly hiddenByFilter = computed(() => this.all().length > 0);
  /** The list keeps what is watched in sight until the viewer scrolls it. */
  protected readonly following = signal(true);
  private readonly scrollTop = signal(0);
  protected readonly view = computed(() =>
    rowWindow({ count: this.rows().length, rowHeight: ROW_HEIGHT, scrollTop: this.scrollTop(), height: LIST_HEIGHT }),
  );
  protected readonly shownRows = computed(() => this.rows().slice(this.view().first, this.view().last));
  /** Index of the newest appearance that has begun at the shown frame. */
  private readonly leadingIndex = computed(() => {
    const shown = this.store.shownPtsMs();
    return shown === null ? -1 : this.rows().findIndex((row) => row.fromMs <= shown);
  });
  protected readonly leading = computed(() => this.rows()[this.leadingIndex()]?.trackId ?? null);
  private readonly newestMs = computed(() => this.all().reduce((newest, row) => Math.max(newest, row.toMs), 0));
  /** Where the list was left by this page, so that a move by the viewer is told from one of its own. */
  private expectedTop = 0;
  private topRow: number | null = null;

  constructor() {
    // What begins at the top pushes the rest down; who looks further down keeps what they look at.
    effect(() => {
      const rows = this.rows();
      untracked(() => this.keepPlace(rows));
    });
    afterRenderEffect(() => {
      const index = this.leadingIndex();
      if (!this.following() || index < 0) return;
      untracked(() => {
        const to = scrollFor({ index, rowHeight: ROW_HEIGHT, scrollTop: this.scrollTop(), height: this.height() });
        if (to !== null) this.moveTo(to);
      });
    });
    effect(() => {
      const { last } = this.view();
      const rows = this.store.rows();
      if (rows && !rows.complete() && this.rows().length - last < AHEAD_ROWS) untracked(() => void rows.loadEarlier());
    });
  }

  protected follow(): void {
    this.following.set(true);
  }

  protected scrolled(): void {
    const top = this.scroller()?.nativeElement.scrollTop ?? 0;
    this.scrollTop.set(top);
    if (Math.abs(top - this.expectedTop) > 1) this.following.set(false);
    this.expectedTop = top;
    this.topRow = this.rows()[Math.floor(top / ROW_HEIGHT)]?.trackId ?? null;
  }

  protected isCurrent(row: Appearance): boolean {
    const shown = this.store.shownPtsMs();
    return shown !== null && row.fromMs <= shown && shown <= row.toMs;
  }

  /** In the picture at the live edge. */
  protected isHere(row: Appearance): boolean {
    return !this.store.session()?.endedAt && this.newestMs() - row.toMs <= HERE_MS;
  }

  protected timeOf(ptsMs: number): string {
    const session = this.store.session();
    return session ? this.time.format(session.epochAt + ptsMs) : '';
  }

  protected color(label: string): string {
    return this.store.palette.colorOf(label);
  }

  protected readonly percent = formatPercent;

  protected exportUrl(ending: 'csv' | 'json'): string {
    const query = filterQuery(this.store.filter());
    query.set('session', this.store.session()?.id ?? '');
    return `/api/streams/${encodeURIComponent(this.store.stream()?.id ?? '')}/intervals.${ending}?${query}`;
  }

  /** Shows the first frame on which the object's box is drawn. */
  protected show(row: Appearance): void {
    const found = this.store.seekToPts(countsFromMs(row, this.store.filter()));
    if (found) this.following.set(true);
    const at = formatClock(row.fromMs);
    void this.announcer.announce(
      found
        ? $localize`Showing ${row.label}:label: at ${at}:time:`
        : $localize`That moment is not in the recording any more`,
    );
  }

  private keepPlace(rows: readonly Appearance[]): void {
    if (this.following() || this.topRow === null) return;
    const index = rows.findIndex((row) => row.trackId === this.topRow);
    const before = Math.floor(this.scrollTop() / ROW_HEIGHT);
    if (index > before) this.moveTo(this.scrollTop() + (index - before) * ROW_HEIGHT);
  }

  private moveTo(top: number): void {
    const element = this.scroller()?.nativeElement;
    if (!element) return;
    // The room for the new rows is there only after rendering; then the browser takes the position as it is.
    queueMicrotask(() => {
      element.scrollTop = top;
      this.expectedTop = element.scrollTop;
      this.scrollTop.set(element.scrollTop);
    });
  }

  private height(): number {
    return this.scroller()?.nativeElement.clientHeight ?? LIST_HEIGHT;
  }
}
