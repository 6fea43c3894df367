import type { KeyframeEntry } from '@media-analyzer/protocol';

/** Closed keyframes at most so far apart are enough to start with, ms. */
const OFTEN_MS = 10_000;
/** A closed keyframe may be late by this share of its distance before others are taken again. */
const PATIENCE = 1.5;
/** Places where the picture becomes whole bit by bit may come with every frame; one in this time is enough, ms. */
const GRADUAL_EVERY_MS = 500;

/**
 * Decides which pictures count as keyframes. Closed ones do. The others, which not every decoder can start with, count as long
 * as no closed ones come often enough.
 */
export class EntryPolicy {
  #closedMs: number | null = null;
  #distanceMs: number | null = null;
  #newestMs: number | null = null;

  /** @param atMs decode time, ms */
  accepts(entry: KeyframeEntry, atMs: number): boolean {
    const accepted = this.#decide(entry, atMs);
    if (accepted) this.#newestMs = atMs;
    return accepted;
  }

  #decide(entry: KeyframeEntry, atMs: number): boolean {
    if (entry === 'closed') {
      this.#distanceMs = this.#closedMs === null ? null : atMs - this.#closedMs;
      this.#closedMs = atMs;
      return true;
    }
    const distance = this.#distanceMs;
    const sinceMs = atMs - (this.#closedMs ?? 0);
    if (distance !== null && distance > 0 && distance <= OFTEN_MS && sinceMs >= 0 && sinceMs <= distance * PATIENCE)
      return false;
    return entry === 'open' || this.#newestMs === null || Math.abs(atMs - this.#newestMs) >= GRADUAL_EVERY_MS;
  }
}
