import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './wait.js';

/** How a program ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Lines kept of a program's output. */
const KEPT_LINES = 5000;

/** What runs, so that it ends with this process even when a test forgot it or failed before its end. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program that a test started: its output by lines, and its end. Stopped by its own id, never by name. */
export class Child {
  readonly lines: string[] = [];
  /** Settles when the program has ended and all of its output was read. */
  readonly ended: Promise<ChildEnd>;
  private readonly process: ChildProcess;
  private readonly listeners = new Set<(line: string) => void>();

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ) {
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    running.add(this.process);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream)
        createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => this.take(line));
    }
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code, signal) => {
        running.delete(this.process);
        resolve({ code, signal });
      });
    });
    // Whoever does not await the end must not be killed by an unhandled rejection; those who do still see it.
    this.ended.catch(() => {});
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.process.pid;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  get stdin(): NodeJS.WritableStream {
    if (!this.process.stdin) throw new Error(`${this.name} was started without stdin`);
    return this.process.stdin;
  }

  /** Sends a signal to this very process. */
  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** The first line, past or future, that matches. @throws Error when the program ends or the time passes before. */
  async line(pattern: RegExp, withinMs: number): Promise<RegExpMatchArray> {
    for (const line of this.lines) {
      const match = line.match(pattern);
      if (match) return match;
    }
    return this.nextLine(pattern, withinMs);
  }

  /** The first line from now on that matches. @throws Error when the program ends or the time passes before. */
  async nextLine(pattern: RegExp, withinMs: number): Promise<RegExpMatchArray> {
    let stop = (): void => {};
    const found = new Promise<RegExpMatchArray>((resolve, reject) => {
      const listener = (line: string): void => {
        const match = line.match(pattern);
        if (match) resolve(match);
      };
      this.listeners.add(listener);
      stop = () => this.listeners.delete(listener);
      void this.ended.then(
        (end) =>
          reject(new Error(`${this.name} ended (${describeEnd(end)}) before it printed ${pattern}:\n${this.tail()}`)),
        reject,
      );
    });
    try {
      return await within(found, { what: `line ${pattern} of ${this.name}`, withinMs });
    } finally {
      stop();
    }
  }

  /**
   * Asks the program to end and waits for it; kills it when it does not.
   * @throws Error when it had to be killed.
   */
  async stop(options: { signal?: NodeJS.Signals; withinMs?: number } = {}): Promise<ChildEnd> {
    if (this.running) this.process.kill(options.signal ?? 'SIGTERM');
    try {
      return await within(this.ended, {
        what: `end of ${this.name} after it was asked to`,
        withinMs: options.withinMs ?? 15_000,
      });
    } catch (error) {
      this.process.kill('SIGKILL');
      await this.ended;
      throw error;
    }
  }

  /** The last lines of the output, for error texts. */
  tail(count = 30): string {
    return this.lines.slice(-count).join('\n');
  }

  private take(line: string): void {
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    for (const listener of this.listeners) listener(line);
  }
}

/** `exit code 1` or `signal SIGKILL`. */
export const describeEnd = ({ code, signal }: ChildEnd): string => (signal ? `signal ${signal}` : `exit code ${code}`);

/**
 * Runs a program to its end and returns its output lines.
 * @throws Error with the output when it fails.
 */
export async function runToEnd(
  name: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<string[]> {
  const child = new Child(name, command, args, options);
  const end = await child.ended;
  if (end.code !== 0) throw new Error(`${name} failed with ${describeEnd(end)}:\n${child.tail()}`);
  return child.lines;
}
