import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../../log.js';
import type { ThreadMessage, ThreadOptions } from './thread.js';

/** A thread that was given work and did not answer within this has hung, ms. A vacuum of gigabytes stays below. */
const HANG_LIMIT_MS = 60_000;

/**
 * Makes the database in `folder` if there is none. It is made beside and renamed, so that a start that was killed in the
 * middle leaves nothing that a later one would take for a database.
 *
 * @throws Error of the file system or of PGlite; any error once `starting` has broken it off.
 */
export async function createEmbedded(folder: string, starting?: AbortSignal): Promise<void> {
  if (await exists(folder)) return;
  starting?.throwIfAborted();
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(path.dirname(folder), { recursive: true });
  const thread = startThread({ folder: unfinished, create: true });
  const breakOff = () => void thread.terminate();
  starting?.addEventListener('abort', breakOff);
  try {
    await isReady(thread);
  } finally {
    starting?.removeEventListener('abort', breakOff);
    await thread.terminate();
  }
  await rename(unfinished, folder);
}

export interface EmbeddedOptions {
  readonly folder: string;
  readonly log: Logger;
  /** The thread starts once this is fulfilled: the one before it must have let go of the folder. */
  readonly after: Promise<void>;
  /** Default 60 s. */
  readonly hangLimitMs?: number;
}

/**
 * The client's end of the database thread, in the shape of a socket: node-postgres speaks to it as it does to a server, so
 * that both databases have one driver. Each connection has its own thread, and the folder takes one at a time.
 *
 * Destroying it, or a hang, ends the thread. That is as safe as killing a server: the WAL has what was committed.
 */
export class EmbeddedConnection extends Duplex {
  private thread: Worker | null = null;
  private watchdog: NodeJS.Timeout | null = null;
  /** Writes not answered yet. */
  private waiting = 0;

  constructor(private readonly options: EmbeddedOptions) {
    super();
  }

  /** Fulfilled when the folder is free for the next connection. Never rejected. */
  async ended(): Promise<void> {
    if (!this.closed) await new Promise<void>((resolve) => this.once('close', resolve));
  }

  /** Part of the socket's shape: node-postgres asks for it before it says anything. */
  connect(): void {
    this.start().then(
      () => this.emit('connect'),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  private async start(): Promise<void> {
    await this.options.after;
    if (this.destroyed) return;
    const thread = startThread({ folder: this.options.folder, create: false });
    this.thread = thread;
    await isReady(thread);
    thread.on('message', (bytes: Uint8Array) => this.receive(bytes));
    thread.on('error', (error) => this.destroy(error));
    thread.on('exit', () => {
      this.rest();
      this.push(null);
    });
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.thread?.ref();
    return this;
  }

  unref(): this {
    this.thread?.unref();
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.send(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.send(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.rest();
    const terminated = this.thread?.terminate() ?? Promise.resolve(0);
    terminated.then(
      () => done(error),
      () => done(error),
    );
  }

  private send(bytes: Buffer): void {
    this.thread?.postMessage(new Uint8Array(bytes));
    this.waiting++;
    this.watch();
  }

  private receive(bytes: Uint8Array): void {
    this.waiting = Math.max(0, this.waiting - 1);
    if (this.waiting === 0) this.rest();
    else this.watch();
    this.push(bytes);
  }

  private watch(): void {
    this.rest();
    const limitMs = this.options.hangLimitMs ?? HANG_LIMIT_MS;
    this.watchdog = setTimeout(() => {
      this.options.log.error({ limitMs }, 'embedded database does not answer; its thread is replaced');
      this.destroy(new Error(`the embedded database did not answer for ${limitMs} ms`));
    }, limitMs);
    this.watchdog.unref();
  }

  private rest(): void {
    if (this.watchdog) clearTimeout(this.watchdog);
    this.watchdog = null;
  }
}

/** Built JavaScript starts as it is; a TypeScript source (development, tests) through tsx, with packages as sources. */
function startThread(options: ThreadOptions): Worker {
  const built = import.meta.url.endsWith('.js');
  const program = new URL(built ? './thread.js' : './thread.ts', import.meta.url);
  if (built) return new Worker(program, { workerData: options });
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const start = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(program.href)}); })`;
  return new Worker(start, { eval: true, execArgv: ['--conditions=source'], workerData: options });
}

/** Settles with the thread's first word. */
async function isReady(thread: Worker): Promise<void> {
  const [message] = (await Promise.race([
    once(thread, 'message'),
    once(thread, 'exit').then(([code]) => {
      throw new Error(`the database thread ended with ${String(code)}`);
    }),
  ])) as [ThreadMessage];
  if (message.type === 'failed') throw new Error(message.problem);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
