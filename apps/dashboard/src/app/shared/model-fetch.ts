import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import type { ModelStatus } from '@media-analyzer/protocol';
import { Api, errorText } from './api';
import { formatBytes } from './format';
import { Live } from './live';
import { ProgressBar } from './progress-bar';

/** A model that is not ready: fetch it, watch it come, or read why it did not. */
@Component({
  selector: 'ma-model-fetch',
  imports: [ProgressBar],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let m = model();
    @if (m.state === 'fetching') {
      <div class="progress">
        <ma-progress-bar [label]="'Fetching ' + m.title" [done]="m.fetchedBytes" [total]="m.bytes" />
        <span class="num muted">{{ bytes(m.fetchedBytes) }} of {{ bytes(m.bytes) }}</span>
      </div>
    } @else if (m.state !== 'ready') {
      <button type="button" class="button small" [disabled]="busy()" (click)="fetch()">
        {{ m.state === 'failed' ? 'Try again' : 'Fetch' }} ({{ bytes(m.bytes) }})
      </button>
    }
    @if (problem() ?? (m.state === 'failed' ? m.problem?.message : null); as text) { <p class="field-error" role="alert">{{ text }}</p> }
  `,
  styles: `
    :host { display: grid; gap: 6px; justify-items: start; min-width: 0; }
    .progress { display: grid; gap: 5px; width: 100%; min-width: 150px; font-size: 12px; }
    .field-error { overflow-wrap: anywhere; }
  `,
})
export class ModelFetch {
  readonly model = input.required<ModelStatus>();
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  protected readonly bytes = formatBytes;

  protected async fetch(): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      this.live.putModel(await this.api.fetchModel(this.model().name));
    } catch (error) {
      this.problem.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }
}
