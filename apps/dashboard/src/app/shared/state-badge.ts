import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { StreamState } from '@media-analyzer/protocol';

/** States of a stream, as a person reads them. */
export const STATE_WORDS: Readonly<Record<StreamState, () => string>> = {
  offline: () => $localize`:state of a stream|:Offline`,
  connecting: () => $localize`:state of a stream|:Connecting`,
  live: () => $localize`:state of a stream|:Live`,
  reconnecting: () => $localize`:state of a stream|:Reconnecting`,
  ended: () => $localize`:state of a stream|:Ended`,
};

/** A stream's state, by word and by colour. */
@Component({
  selector: 'ma-state-badge',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<i aria-hidden="true"></i>{{ word() }}`,
  host: { '[class]': "stale() ? 'stale' : state()" },
  styles: `
    :host { display: inline-flex; align-items: center; gap: 6px; height: 22px; padding: 0 8px; border-radius: 4px; font-size: 11px; font-weight: 640; letter-spacing: 0.03em; text-transform: uppercase; background: var(--hover); color: var(--muted); white-space: nowrap; }
    i { width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
    :host(.live) { background: var(--live-soft); color: var(--on-live-soft); }
    :host(.live) i { background: var(--live); }
    :host(.connecting), :host(.reconnecting) { background: var(--warn-soft); color: var(--warn); }
    :host(.connecting) i, :host(.reconnecting) i { animation: pulse 1.2s ease-in-out infinite; }
    @media (forced-colors: active) { :host { border: 1px solid; } }
    @keyframes pulse { 50% { opacity: 0.25; } }
  `,
})
export class StateBadge {
  readonly state = input.required<StreamState>();
  /** What is shown was so when the server was last heard: no colour of something that is going on. */
  readonly stale = input(false);
  protected readonly word = computed(() =>
    this.stale() ? $localize`:A stream’s state|the server does not answer:Not known` : STATE_WORDS[this.state()](),
  );
}
