import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { Api, errorText } from '../shared/api';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { readSetting, writeSetting } from '../shared/local-setting';
import { ProblemNote } from '../shared/problem-note';
import { CreateStreamDialog } from './create-stream-dialog';
import { filterStreams, SORT_ORDERS, type SortOrder, type StateFilter } from './stream-filter';
import { StreamList } from './stream-list';
import { StreamWall } from './stream-wall';
import { StreamsEmpty } from './streams-empty';

const FILTERS: readonly { value: StateFilter; text: string }[] = [
  { value: 'all', text: 'All' },
  { value: 'on-air', text: 'On air' },
  { value: 'off-air', text: 'Off air' },
];
const VIEWS = ['list', 'wall'] as const;
const SORTS = Object.keys(SORT_ORDERS) as SortOrder[];

/** All streams as list or wall, and the way to the first one. */
@Component({
  imports: [Icon, ProblemNote, StreamList, StreamWall, StreamsEmpty],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './streams-page.html',
  styleUrl: './streams-page.scss',
})
export class StreamsPage {
  private readonly api = inject(Api);
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  protected readonly live = inject(Live);

  protected readonly filters = FILTERS;
  protected readonly sorts = SORTS.map((value) => ({ value, text: SORT_ORDERS[value] }));
  protected readonly view = signal(readSetting('streams.view', VIEWS, 'list'));
  protected readonly sort = signal(readSetting('streams.sort', SORTS, 'activity'));
  protected readonly state = signal<StateFilter>('all');
  protected readonly text = signal('');
  protected readonly demoBusy = signal(false);
  protected readonly problem = signal<string | null>(null);

  protected readonly shown = computed(() =>
    filterStreams(this.live.streams() ?? [], { text: this.text(), state: this.state(), sort: this.sort() }),
  );

  constructor() {
    // The WebSocket brings the list; where it cannot be opened (a proxy without upgrades), REST does and says what is wrong.
    void this.load();
  }

  protected async load(): Promise<void> {
    this.problem.set(null);
    try {
      const streams = await this.api.listStreams();
      if (this.live.streams() === null) this.live.streams.set(streams);
    } catch (error) {
      this.problem.set(errorText(error));
    }
  }

  protected setView(view: (typeof VIEWS)[number]): void {
    this.view.set(view);
    writeSetting('streams.view', view);
  }

  protected setSort(event: Event): void {
    const value = SORTS.find((sort) => event.target instanceof HTMLSelectElement && sort === event.target.value);
    if (!value) return;
    this.sort.set(value);
    writeSetting('streams.sort', value);
  }

  protected setText(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.text.set(event.target.value);
  }

  protected clearFilter(): void {
    this.text.set('');
    this.state.set('all');
  }

  protected create(): void {
    this.dialog.open(CreateStreamDialog, { width: '520px', ariaLabelledBy: 'create-stream-title' });
  }

  protected async startDemo(): Promise<void> {
    this.demoBusy.set(true);
    this.problem.set(null);
    try {
      const demo = await this.api.startDemo();
      if (demo.streamId) await this.router.navigate(['/streams', demo.streamId]);
    } catch (error) {
      this.problem.set(errorText(error));
    } finally {
      this.demoBusy.set(false);
    }
  }
}
