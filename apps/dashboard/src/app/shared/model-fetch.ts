import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import type { ModelStatus } from '@media-analyzer/protocol';
import { Api, errorText } from './api';
import { formatBytes } from './format';
import { Live } from './live';
import { ProgressBar } from './progress-bar';

/** A model that is not ready: fetch it, watch it come, read why it did not, or how to bring it. */
@Component({
  selector: 'ma-model-fetch',
  imports: [ProgressBar],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let m = model();
    @if (m.state === 'fetching') {
      <div class="progress">
        <ma-progress-bar i18n-label label="Fetching {{ m.title }}" [done]="m.fetchedBytes" [total]="m.bytes" />
        <span class="num muted" i18n>{{ bytes(m.fetchedBytes) }} of {{ bytes(m.bytes) }}</span>
      </div>
    } @else if (m.state !== 'ready' && !m.fetchable && m.ownFiles) {
      <details #details [open]="bringing()" (toggle)="bringing.set(details.open)">
        <summary i18n>Bring your own file</summary>
        <p class="muted" i18n>No source is known that the server could fetch it from. Put the file there yourself; it is used once it is there and the server is asked again.</p>
        <p lang="en">{{ m.ownFiles.how }}</p>
        @for (file of m.ownFiles.files; track file.path) {
          <dl>
            <dt i18n>File on the server</dt><dd><code>{{ file.path }}</code></dd>
            <dt i18n>SHA-256</dt><dd><code>{{ file.sha256 }}</code></dd>
            <dt i18n>Size</dt><dd class="num">{{ bytes(file.bytes) }}</dd>
          </dl>
        }
        <button type="button" class="button small" [disabled]="busy()" (click)="fetch()" i18n>Look again</button>
      </details>
    } @else if (m.state !== 'ready') {
      <button type="button" class="button small" [disabled]="busy()" (click)="fetch()">
        @if (m.state === 'failed') { <ng-container i18n>Try again ({{ bytes(m.bytes) }})</ng-container> }
        @else { <ng-container i18n>Fetch ({{ bytes(m.bytes) }})</ng-container> }
      </button>
    }
    @if (problem() ?? (m.state === 'failed' ? m.problem?.message : null); as text) { <p class="field-error" role="alert">{{ text }}</p> }
  `,
  styles: `
    :host { display: grid; gap: 6px; justify-items: start; min-width: 0; }
    .progress { display: grid; gap: 5px; width: 100%; min-width: 150px; font-size: 12px; }
    details { max-width: 520px; font-size: 12.5px; text-align: start; }
    summary { cursor: pointer; }
    details p { margin: 6px 0; }
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 3px 10px; margin: 6px 0 10px; }
    dt { color: var(--muted); }
    code { overflow-wrap: anywhere; }
    .field-error { overflow-wrap: anywhere; }
  `,
})
export class ModelFetch {
  readonly model = input.required<ModelStatus>();
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  /** The instructions stay open while the server looks again. */
  protected readonly bringing = signal(false);
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
