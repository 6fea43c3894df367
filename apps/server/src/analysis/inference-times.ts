import type { InferenceTimes } from '@media-analyzer/protocol';

/** Inferences remembered of each model: the last ones say what it costs here, however long ago they were. */
const KEPT = 200;

/** How long one inference takes on this machine, by model. Bounded by the number of models. */
export class InferenceTimesOfModels {
  readonly #values = new Map<string, number[]>();

  /** @param inferenceMs one inference, ms */
  add(model: string, inferenceMs: number): void {
    const values = this.#values.get(model) ?? [];
    this.#values.set(model, values);
    values.push(inferenceMs);
    if (values.length > 2 * KEPT) values.splice(0, values.length - KEPT);
  }

  /** Null for a model that has not run since the server was started. Percentiles by nearest rank. */
  of(model: string): InferenceTimes | null {
    const sorted = this.#values.get(model)?.slice(-KEPT);
    if (!sorted) return null;
    sorted.sort((a, b) => a - b);
    const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
    return { p50: rank(0.5), p95: rank(0.95), count: sorted.length };
  }
}
