/** Something that the player did or was told. */
export interface LogEntry {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** For developers, in English. */
  readonly text: string;
}

/** Some minutes of trouble; a player that has none writes a few lines an hour. */
const KEPT = 200;

/**
 * What a player has done about what happened to it, oldest first: for whoever asks why it stood or jumped, at the browser's
 * console (`__mediaAnalyzer.player.entries`) or in a test.
 */
export class PlayerLog {
  readonly entries: LogEntry[] = [];

  add(text: string): void {
    this.entries.push({ at: performance.now(), text });
    if (this.entries.length > KEPT) this.entries.shift();
  }
}
