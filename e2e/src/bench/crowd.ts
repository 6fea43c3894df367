import { fileURLToPath } from 'node:url';
import { Child } from '../harness/child.js';
import type { Pace } from './crowd-program.js';

/** The crowd runs as a program of its own: what it costs must not be counted, and must not delay the measuring. */
const PROGRAM = fileURLToPath(new URL('./crowd-program.js', import.meta.url));
/** Between two broadcasts, ms: no multiple of a frame, a part or a segment, so that these do not end together. */
const STAGGER_MS = 137;
/** How long a crowd on a busy machine may take to say where it is, ms. */
const ANSWER_MS = 10_000;

/** Any number of publishers of one file. */
export class Crowd {
  private constructor(private readonly child: Child) {}

  /** @param file is read into memory once */
  static async start(file: string): Promise<Crowd> {
    const child = new Child('crowd of publishers', process.execPath, [PROGRAM, file, String(STAGGER_MS)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await child.line(/^ready$/, 60_000);
    return new Crowd(child);
  }

  /**
   * Adds broadcasts, within `STAGGER_MS` of each other. The addresses of one get the same samples at the same time.
   *
   * @param broadcasts addresses of each
   */
  publish(broadcasts: readonly (readonly string[])[]): void {
    for (const urls of broadcasts) this.child.stdin.write(`${urls.join(' ')}\n`);
  }

  /** How far each broadcast has come, in the order in which they began. */
  async pace(): Promise<readonly Pace[]> {
    const answer = this.child.nextLine(/^\[.*\]$/, ANSWER_MS);
    this.child.stdin.write('pace\n');
    return JSON.parse((await answer)[0]);
  }

  /** @throws Error with its words when a publisher was turned away or cut off. */
  check(): void {
    if (!this.child.running) throw new Error(`a publisher stopped:\n${this.child.tail()}`);
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    await this.child.ended;
  }
}

/**
 * Media that were sent between two readings over the time between them, of the broadcast that did worst: 1 in real time. More
 * than that, when it makes up for what it was late before.
 */
export function slowestPace(before: readonly Pace[], after: readonly Pace[]): number {
  return Math.min(
    ...after.map(({ sentMs, elapsedMs }, i) => {
      const from = before[i] ?? { sentMs: 0, elapsedMs: 0 };
      return (sentMs - from.sentMs) / (elapsedMs - from.elapsedMs);
    }),
  );
}

export type { Pace };
