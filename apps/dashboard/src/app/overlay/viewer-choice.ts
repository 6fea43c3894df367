import { computed, Injectable, signal } from '@angular/core';
import { DEFAULT_FILTER, type ViewerFilter } from '@media-analyzer/protocol';
import { readText, writeSetting } from '../shared/local-setting';
import { filterText, parseFilter, sameFilter } from './viewer-filter';

/** What is drawn at a box. */
export interface OverlaySwitches {
  readonly boxes: boolean;
  readonly labels: boolean;
  readonly confidence: boolean;
}

const FILTER = 'overlay.filter';
const SWITCHES = 'overlay.off';
/** Without a change for this long the viewer has chosen, ms. */
const SETTLES_AFTER_MS = 250;
const KEYS = ['boxes', 'labels', 'confidence'] as const;

/** What this viewer wants to see, on every stream; kept in this browser. */
@Injectable({ providedIn: 'root' })
export class ViewerChoice {
  private readonly chosenFilter = signal<ViewerFilter>(parseFilter(readText(FILTER)));
  private readonly chosenSwitches = signal<OverlaySwitches>(parseSwitches(readText(SWITCHES)));
  private readonly settled = signal(this.chosenFilter());
  private settling: ReturnType<typeof setTimeout> | undefined;
  readonly filter = this.chosenFilter.asReadonly();
  /** The viewer has chosen something else than what is shown by default. */
  readonly filtered = computed(() => !sameFilter(this.filter(), DEFAULT_FILTER));
  /** The filter when it has come to rest: what the server is asked with, which a slider would ask at every step. */
  readonly settledFilter = this.settled.asReadonly();
  readonly switches = this.chosenSwitches.asReadonly();

  setFilter(change: Partial<ViewerFilter>): void {
    this.chosenFilter.update((filter) => ({ ...filter, ...change }));
    writeSetting(FILTER, filterText(this.chosenFilter()));
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settled.set(this.chosenFilter()), SETTLES_AFTER_MS);
  }

  setSwitches(change: Partial<OverlaySwitches>): void {
    this.chosenSwitches.update((switches) => ({ ...switches, ...change }));
    writeSetting(SWITCHES, KEYS.filter((key) => !this.chosenSwitches()[key]).join(','));
  }
}

function parseSwitches(text: string | null): OverlaySwitches {
  const off = (text ?? '').split(',');
  return { boxes: !off.includes('boxes'), labels: !off.includes('labels'), confidence: !off.includes('confidence') };
}
