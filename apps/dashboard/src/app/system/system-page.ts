import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, signal } from '@angular/core';
import type { NoticeRecord, SystemStatus } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { formatBytes, formatDuration, formatMs, formatNumber } from '../shared/format';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ModelFetch } from '../shared/model-fetch';
import { ProblemNote } from '../shared/problem-note';
import { PROCESS_WORDS } from '../shared/process-words';
import { problemText } from '../shared/server-texts';
import { Ticker } from '../shared/ticker';
import { ZoneSwitch } from '../shared/when';
import { ModelUse, modelCost } from './model-use';
import { NoticeList } from './notice-list';
import { Processes } from './processes';
import { RefusalList } from './refusal-list';
import { StreamLoads } from './stream-loads';

const REFRESH_MS = 5000;
const MODEL_WORDS = {
  ready: $localize`:a model|:Ready`,
  missing: $localize`:a model|:Not here`,
  fetching: $localize`:a model|:Fetching`,
  failed: $localize`:a model|:Failed`,
} as const;

/** The server itself: models, processes, storage, and what an operator must know. */
@Component({
  imports: [Icon, ModelFetch, ModelUse, NoticeList, ProblemNote, Processes, RefusalList, StreamLoads, ZoneSwitch],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './system-page.html',
  styleUrl: './system-page.scss',
})
export class SystemPage {
  private readonly api = inject(Api);
  protected readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly status = signal<SystemStatus | null>(null);
  protected readonly problem = signal<string | null>(null);
  protected readonly history = signal<readonly NoticeRecord[] | null>(null);
  protected readonly bytes = formatBytes;
  protected readonly cost = modelCost;
  protected readonly text = problemText;
  protected readonly refusals = computed(() =>
    this.live.refusals().length > 0 ? this.live.refusals() : (this.status()?.refusals ?? []),
  );
  protected readonly modelWords = MODEL_WORDS;

  protected readonly notices = computed(() =>
    this.live.notices().length > 0 ? this.live.notices() : (this.status()?.notices ?? []),
  );
  protected readonly uptime = computed(() => {
    const status = this.status();
    return status ? formatDuration(this.live.serverTime(this.ticker.now()) - status.startedAt) : '–';
  });
  protected readonly facts = computed(() => {
    const status = this.status();
    if (!status) return [];
    const { disk } = status;
    const { processes = [], streams = [], inference } = status;
    const node = status.node.replace(/^v/, '');
    const cores = processes.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
    const memory = processes.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0);
    return [
      {
        name: $localize`Version`,
        value: status.version,
        more: $localize`Node ${node}:version:, role ${status.role}:role:`,
      },
      { name: $localize`Running for`, value: this.uptime() },
      {
        name: $localize`Load`,
        value: $localize`${formatNumber(cores, { min: 2 })}:number of CPU cores: cores`,
        more: $localize`${formatBytes(memory)}:size: of memory`,
      },
      {
        name: $localize`One picture`,
        value: inference ? formatMs(inference.p50) : '–',
        more: inference
          ? $localize`${formatMs(inference.p95)}:duration: in 19 of 20, ${status.model ?? ''}:model: on ${status.executionProvider.toUpperCase()}:device:`
          : $localize`${status.model ?? '–'}:model: on ${status.executionProvider.toUpperCase()}:device:`,
      },
      { name: $localize`Vision process`, value: PROCESS_WORDS[status.visionProcess]() },
      {
        name: $localize`RTMP`,
        value: `${status.rtmp.host}:${status.rtmp.port}`,
        more: $localize`${status.rtmp.connections}:number: connected`,
      },
      { name: $localize`Database`, value: status.database === 'pglite' ? $localize`PGlite (embedded)` : 'PostgreSQL' },
      {
        name: $localize`Recordings`,
        value: formatBytes(disk.usedBytes),
        more:
          disk.freeBytes === null
            ? $localize`of ${streams.length}:number: streams`
            : $localize`${formatBytes(disk.freeBytes)}:size: free on the disk`,
      },
    ];
  });

  constructor() {
    void this.load();
    const timer = setInterval(() => void this.load(), REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected async load(): Promise<void> {
    try {
      const [status, models, history] = await Promise.all([this.api.system(), this.api.models(), this.api.notices()]);
      this.status.set(status);
      this.history.set(history);
      // Asked for anew: what a model costs here changes with every picture, and is not told.
      this.live.models.set(models);
      this.problem.set(null);
    } catch (error) {
      this.problem.set(errorText(error));
    }
  }

  protected changed(status: SystemStatus): void {
    this.status.set(status);
    void this.load();
  }

  protected async stopDemo(): Promise<void> {
    try {
      const demo = await this.api.stopDemo();
      this.status.update((status) => (status ? { ...status, demo } : status));
    } catch (error) {
      this.problem.set(errorText(error));
    }
  }
}
