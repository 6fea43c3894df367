import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api, errorText } from '../shared/api';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { readSetting, writeSetting } from '../shared/local-setting';
import { ModelFetch } from '../shared/model-fetch';
import { ProblemNote } from '../shared/problem-note';
import { problemText } from '../shared/server-texts';
import { CreateStreamDialog } from './create-stream-dialog';
import { Refused } from './refused';
import { filterStreams, SORT_ORDERS, type SortOrder, type StateFilter } from './stream-filter';
import { StreamList } from './stream-list';
import { StreamWall } from './stream-wall';
import { StreamsEmpty } from './streams-empty';

const FILTERS: readonly { value: StateFilter; text: string }[] = [
  { value: 'all', text: $localize`:Which streams to show|:All` },
  { value: 'on-air', text: $localize`:Which streams to show|:On air` },
  { value: 'off-air', text: $localize`:Which streams to show|:Off air` },
];
const VIEWS = ['list', 'wall'] as const;
const SORTS = Object.keys(SORT_ORDERS) as SortOrder[];

/** All streams as list or wall, and the way to the first one. */
@Component({
  imports: [Icon, ModelFetch, ProblemNote, Refused, StreamList, StreamWall, StreamsEmpty],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './streams-page.html',
  styleUrl: './streams-page.scss',
})
export class StreamsPage {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  protected readonly live = inject(Live);

  protected readonly noticeText = problemText;
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

  /** The model in use when its weights are not here: with the button that fetches them, in place of the notice. */
  protected readonly missingModel = computed(
    () => this.live.models()?.find(({ active, state }) => active && state !== 'ready') ?? null,
  );
  protected readonly notices = computed(() =>
    this.live.notices().filter(({ code }) => !(code === 'model_missing' && this.missingModel())),
  );

  /** Publishers that no stream knows: their key is wrong. */
  protected readonly strangers = computed(() => this.live.refusals().filter(({ streamId }) => streamId === null));

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
    this.dialogs.open(CreateStreamDialog, { width: '520px', ariaLabelledBy: 'create-stream-title' });
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
