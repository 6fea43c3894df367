import type { Box } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import { BoxFilter } from './kalman.js';

/** Weight that a label's earlier sightings keep at each new one: about the last ten decide. */
const LABEL_MEMORY = 0.9;
const FORGOTTEN = 0.01;

/** One object over time. */
export class Track {
  /** Given when the track is confirmed; null before. */
  id: number | null = null;
  /** The label that the object was mostly given lately. */
  label: string;
  hits = 1;
  lastSeenMs: number;
  private readonly filter: BoxFilter;
  private readonly votes = new Map<string, number>();

  constructor(detection: RawDetection, ptsMs: number) {
    this.filter = new BoxFilter(detection.box);
    this.lastSeenMs = ptsMs;
    this.label = detection.label;
    this.votes.set(detection.label, detection.score);
  }

  /** Expected box at any time near the track's own. */
  boxAt(ptsMs: number): Box {
    return this.filter.boxAt((ptsMs - this.lastSeenMs) / 1000);
  }

  see(detection: RawDetection, ptsMs: number): void {
    this.filter.predict((ptsMs - this.lastSeenMs) / 1000);
    this.filter.correct(detection.box);
    this.lastSeenMs = ptsMs;
    this.hits++;
    for (const [label, weight] of this.votes) {
      if (weight * LABEL_MEMORY < FORGOTTEN) this.votes.delete(label);
      else this.votes.set(label, weight * LABEL_MEMORY);
    }
    this.votes.set(detection.label, (this.votes.get(detection.label) ?? 0) + detection.score);
    for (const [label, weight] of this.votes) if (weight > (this.votes.get(this.label) ?? 0)) this.label = label;
  }

  miss(): void {
    this.filter.holdSize();
  }
}
