import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, signal } from '@angular/core';
import type { SystemStatus } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { formatBytes, formatDuration } from '../shared/format';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { ModelFetch } from '../shared/model-fetch';
import { ProblemNote } from '../shared/problem-note';
import { Ticker } from '../shared/ticker';

const REFRESH_MS = 5000;
const MODEL_WORDS = { ready: 'Ready', missing: 'Not here', fetching: 'Fetching', failed: 'Failed' } as const;

/** The server itself: models, processes, storage, and what an operator must know. */
@Component({
  imports: [Icon, ModelFetch, ProblemNote],
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
  protected readonly bytes = formatBytes;
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
    return [
      { name: 'Version', value: status.version, more: `Node ${status.node.replace(/^v/, '')}, role ${status.role}` },
      { name: 'Running for', value: this.uptime() },
      { name: 'RTMP', value: `${status.rtmp.host}:${status.rtmp.port}`, more: `${status.rtmp.connections} connected` },
      { name: 'Database', value: status.database === 'pglite' ? 'PGlite (embedded)' : 'PostgreSQL' },
      {
        name: 'Vision process',
        value: capital(status.visionProcess),
        more: `${status.model ?? 'no model'} on ${status.executionProvider.toUpperCase()}`,
      },
      {
        name: 'Recordings',
        value: formatBytes(disk.usedBytes),
        more: disk.freeBytes === null ? undefined : `${formatBytes(disk.freeBytes)} free on the disk`,
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
      const [status, models] = await Promise.all([this.api.system(), this.live.models() ?? this.api.models()]);
      this.status.set(status);
      if (this.live.models() === null) this.live.models.set(models);
      this.problem.set(null);
    } catch (error) {
      this.problem.set(errorText(error));
    }
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

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
