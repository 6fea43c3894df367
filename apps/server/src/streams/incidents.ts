/** What can happen to a stream on air. */
export type Incident = 'reconnect' | 'stall';

const HOUR_MS = 60 * 60_000;
/** Remembered of one stream: a publisher that drops every few seconds is as bad with 1000 as with more. */
const MAX_KEPT = 1000;

/** How often streams were interrupted in the last hour. */
export class Incidents {
  readonly #times = new Map<string, { readonly at: number; readonly kind: Incident }[]>();

  constructor(private readonly now: () => number = Date.now) {}

  note(streamId: string, kind: Incident): void {
    const its = this.#times.get(streamId) ?? [];
    this.#times.set(streamId, its);
    its.push({ at: this.now(), kind });
    if (its.length > MAX_KEPT) its.shift();
  }

  lastHour(streamId: string): { reconnects: number; stalls: number } {
    const its = (this.#times.get(streamId) ?? []).filter(({ at }) => at > this.now() - HOUR_MS);
    if (its.length === 0) this.#times.delete(streamId);
    else this.#times.set(streamId, its);
    const reconnects = its.filter(({ kind }) => kind === 'reconnect').length;
    return { reconnects, stalls: its.length - reconnects };
  }

  forget(streamId: string): void {
    this.#times.delete(streamId);
  }
}
