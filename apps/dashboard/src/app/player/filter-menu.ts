import {
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';
import { type Certainty, DEFAULT_FILTER, wantsLabel } from '@media-analyzer/protocol';
import { ViewerChoice } from '../overlay/viewer-choice';
import { ALL_CLASSES, isOnly, NO_CLASS, namedClasses, onlyClass } from '../overlay/viewer-filter';
import { Api } from '../shared/api';
import { formatDuration, formatNumber, formatPercent } from '../shared/format';
import { Icon } from '../shared/icon';
import { LiveStore } from './live-store';

/** Least stays to choose from, ms. */
const STAYS = [0, 500, 1000, 2000, 5000, 10_000, 30_000];
const GAP = 6;

/** What of all that was found is shown: how sure, how long, which classes; alike wherever the page tells what was seen. */
@Component({
  selector: 'ma-filter-menu',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './filter-menu.html',
  styleUrl: './filter-menu.scss',
})
export class FilterMenu {
  protected readonly store = inject(LiveStore);
  private readonly api = inject(Api);
  private readonly button = viewChild.required<ElementRef<HTMLElement>>('button');
  private readonly panel = viewChild.required<ElementRef<HTMLElement>>('panel');
  protected readonly filter = this.store.filter;
  protected readonly search = signal('');
  /** What the model can find, whether it was seen or not; fetched when it is first looked at. */
  private readonly known = signal<readonly string[]>([]);
  private knownOf: string | null = null;
  protected readonly levels: readonly { readonly value: Certainty; readonly text: string }[] = [
    { value: 'raw', text: $localize`:certainty|Everything the model says:All` },
    { value: 'sure', text: $localize`:certainty|:Sure` },
    { value: 'very_sure', text: $localize`:certainty|:Very sure` },
  ];
  /** A stay that was kept by another version stays to be chosen. */
  protected readonly stays = computed(() => [...new Set([...STAYS, this.filter().minStayMs])].sort((a, b) => a - b));
  protected readonly percent = computed(() => formatPercent(this.filter().minScore));
  protected readonly changed = inject(ViewerChoice).filtered;
  /** In words, for the button; empty while all classes are shown. */
  protected readonly classesOff = computed(() => {
    const named = namedClasses(this.filter());
    if (!this.filter().labels) return named.length === 0 ? '' : $localize`${named.length}:count: off`;
    if (named.length === 1) return named[0]!;
    return named.length === 0 ? $localize`:no class|:none` : $localize`${named.length}:count: classes`;
  });
  private readonly seen = computed(
    () =>
      new Set(
        this.store
          .rows()
          ?.rows()
          .map(({ label }) => label),
      ),
  );
  /** Seen classes first, then those that the viewer named, then what else the model knows. */
  protected readonly classes = computed(() => {
    const filter = this.filter();
    const seen = this.seen();
    const all = new Set([...[...seen].sort(), ...namedClasses(filter).toSorted(), ...this.known()]);
    const wanted = this.search().trim().toLowerCase();
    return [...all]
      .filter((label) => label.toLowerCase().includes(wanted))
      .map((label) => ({
        ...{ label, seen: seen.has(label), shown: wantsLabel(filter, label), only: isOnly(filter, label) },
      }));
  });

  /** Opens beside its button, on the screen whole. */
  protected toggled(event: Event): void {
    if (!('newState' in event) || event.newState !== 'open') return;
    void this.learn();
    const panel = this.panel().nativeElement;
    const at = this.button().nativeElement.getBoundingClientRect();
    const width = Math.min(290, window.innerWidth - 16);
    panel.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - width - 8))}px`;
    const below = window.innerHeight - at.bottom - GAP;
    const up = below < 320 && at.top > below;
    panel.style.top = up ? 'auto' : `${at.bottom + GAP}px`;
    panel.style.bottom = up ? `${window.innerHeight - at.top + GAP}px` : 'auto';
    panel.style.maxHeight = `${Math.max(200, (up ? at.top : below) - GAP)}px`;
  }

  protected setConfidence(event: Event): void {
    if (event.target instanceof HTMLInputElement)
      this.store.updateFilter({ minScore: event.target.valueAsNumber / 100 });
  }

  protected setStay(event: Event): void {
    if (event.target instanceof HTMLSelectElement) this.store.updateFilter({ minStayMs: Number(event.target.value) });
  }

  protected stayText(ms: number): string {
    if (ms === 0) return $localize`:shortest stay|:any length`;
    return ms < 1000 ? $localize`${formatNumber(ms / 1000, { max: 1 })}:seconds: s` : formatDuration(ms);
  }

  protected find(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.search.set(event.target.value);
  }

  protected setAll(shown: boolean): void {
    this.store.updateFilter(shown ? ALL_CLASSES : NO_CLASS);
  }

  protected only(label: string): void {
    this.store.updateFilter(onlyClass(this.filter(), label));
  }

  protected onlyLabel(label: string): string {
    return $localize`Only ${label}:class:`;
  }

  protected reset(): void {
    this.store.updateFilter({ ...DEFAULT_FILTER, ...ALL_CLASSES });
  }

  protected color(label: string): string {
    return this.store.palette.colorOf(label);
  }

  private async learn(): Promise<void> {
    const model = this.store.health()?.model ?? null;
    if (model === null || model === this.knownOf) return;
    try {
      this.known.set(await this.api.modelLabels(model));
      this.knownOf = model;
    } catch {
      // The seen classes can be chosen all the same; the next opening asks again.
    }
  }
}
