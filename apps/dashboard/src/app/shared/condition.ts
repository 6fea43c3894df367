import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { type ConditionWord, healthWarning, type StreamCondition } from '@media-analyzer/protocol';
import { warningText } from './server-texts';

const WORDS: Readonly<Record<ConditionWord, () => string>> = {
  good: () => $localize`:how a stream is|:Good`,
  fair: () => $localize`:how a stream is|:Fair`,
  bad: () => $localize`:how a stream is|:Bad`,
  no_data: () => $localize`:how a stream is|:No data`,
};

const STATES: Readonly<Record<string, () => string>> = {
  offline: () => $localize`Nobody is publishing`,
  ended: () => $localize`The stream has ended`,
  connecting: () => $localize`Waiting for the first picture`,
  reconnecting: () => $localize`The encoder is gone and is waited for`,
  stalled: () => $localize`The encoder is connected but sends nothing`,
};

/** Why a stream is as it is, in the dashboard's words; null when it is good. */
export function conditionReason({ code, reason }: StreamCondition): string | null {
  if (code === null) return reason;
  const own = STATES[code];
  if (own) return own();
  const warning = healthWarning.shape.code.safeParse(code);
  return warning.success ? warningText({ code: warning.data, message: reason ?? '' }) : reason;
}

/** How a stream is: one word, its colour and shape, and the reason. */
@Component({
  selector: 'ma-condition',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<span class="word" [title]="reason() ?? ''"><i aria-hidden="true"></i>{{ word() }}</span>@if (explain() && reason(); as text) { <span class="why">{{ text }}</span> }`,
  host: { '[class]': 'condition().word' },
  styles: `
    :host { display: inline-flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; font-size: 12px; min-width: 0; color: var(--muted); }
    .word { display: inline-flex; align-items: center; gap: 6px; font-weight: 580; white-space: nowrap; }
    i { width: 8px; height: 8px; border-radius: 50%; border: 2px solid currentColor; }
    :host(.good) .word { color: var(--good); }
    :host(.good) i { background: currentColor; }
    :host(.fair) .word { color: var(--warn); }
    :host(.fair) i { border-radius: 1px; transform: rotate(45deg); background: currentColor; }
    :host(.bad) .word { color: var(--bad); }
    :host(.bad) i { border-radius: 1px; background: currentColor; }
    .why { overflow-wrap: anywhere; }
  `,
})
export class Condition {
  readonly condition = input.required<StreamCondition>();
  /** Shows the reason as text; otherwise it is the title alone. */
  readonly explain = input(true);
  protected readonly word = computed(() => WORDS[this.condition().word]());
  protected readonly reason = computed(() => conditionReason(this.condition()));
}
