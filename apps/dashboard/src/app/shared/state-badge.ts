import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { StreamState } from '@media-analyzer/protocol';

const WORDS: Readonly<Record<StreamState, string>> = {
  offline: 'Offline',
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  ended: 'Ended',
};

/** A stream's state, by word and by colour. */
@Component({
  selector: 'ma-state-badge',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<i aria-hidden="true"></i>{{ word() }}`,
  host: { '[class]': 'state()' },
  styles: `
    :host { display: inline-flex; align-items: center; gap: 6px; height: 22px; padding: 0 8px; border-radius: 4px; font-size: 11px; font-weight: 640; letter-spacing: 0.03em; text-transform: uppercase; background: #1d262f; color: var(--muted); white-space: nowrap; }
    i { width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
    :host(.live) { background: #3b1719; color: #ff9a92; }
    :host(.live) i { background: var(--live); }
    :host(.connecting), :host(.reconnecting) { background: #33270f; color: var(--warn); }
    :host(.connecting) i, :host(.reconnecting) i { animation: pulse 1.2s ease-in-out infinite; }
    @keyframes pulse { 50% { opacity: 0.25; } }
  `,
})
export class StateBadge {
  readonly state = input.required<StreamState>();
  protected readonly word = computed(() => WORDS[this.state()]);
}
