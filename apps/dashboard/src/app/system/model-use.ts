import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal } from '@angular/core';
import type { ModelStatus, SystemStatus } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { formatMs } from '../shared/format';

/** What one inference of a model costs: measured on this machine, else as its makers of this product measured it, to compare. */
export function modelCost({ inferenceMs, cost }: ModelStatus): string | null {
  if (inferenceMs) return $localize`${formatMs(inferenceMs.p50)}:duration: per picture here`;
  return cost ? $localize`about ${formatMs(cost.inferenceMs)}:duration: per picture elsewhere` : null;
}

/** A model that is ready: has it used from now on, while streams are on air. */
@Component({
  selector: 'ma-model-use',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (model().state === 'ready' && !model().active) {
      <button type="button" class="button small" [disabled]="busy()" [attr.aria-label]="label()" (click)="use()">
        @if (busy()) { <ng-container i18n>Loading…</ng-container> } @else { <ng-container i18n="a model">Use</ng-container> }
      </button>
    }
    @if (problem(); as text) { <p class="field-error" role="alert">{{ text }}</p> }
  `,
  styles:
    ':host { display: grid; gap: 6px; justify-items: end; min-width: 0; } :host:not(:has(*)) { display: none; } .field-error { overflow-wrap: anywhere; }',
})
export class ModelUse {
  readonly model = input.required<ModelStatus>();
  /** The system with the model in use. */
  readonly changed = output<SystemStatus>();
  private readonly api = inject(Api);
  protected readonly busy = signal(false);
  protected readonly problem = signal<string | null>(null);
  protected readonly label = computed(() => $localize`Use ${this.model().title}:model:`);

  protected async use(): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      this.changed.emit(await this.api.updateSystem({ detectionModel: this.model().name }));
    } catch (error) {
      this.problem.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }
}
