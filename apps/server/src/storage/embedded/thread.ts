/**
 * Program of the database thread: PGlite (PostgreSQL compiled to WebAssembly) behind PostgreSQL's own wire protocol.
 *
 * It has a thread of its own for two reasons that were measured. A transaction of five analyses takes 3 ms and sometimes 18,
 * which ingest and playback must not wait for. And when the disk has no room for a new WAL segment, PGlite enters an endless loop
 * instead of ending; `EmbeddedConnection` notices and replaces the thread, while the server goes on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { cutMessages, encodeQuery, endsOutsideTransaction, startupReply, TERMINATE } from './wire.js';

/** What the thread is started with. */
export interface ThreadOptions {
  readonly folder: string;
  /** Make the database in `folder`, and end. Making it takes 0.5 GB that WebAssembly would never give back. */
  readonly create: boolean;
}

/** What the thread says besides the bytes of the wire protocol. */
export type ThreadMessage = { readonly type: 'ready' } | { readonly type: 'failed'; readonly problem: string };

const SETTINGS = [
  // 128 MB by default, of memory that is the server's own; the tables that are hot fit in a tenth.
  'shared_buffers=16MB',
  'max_wal_size=64MB',
  'min_wal_size=32MB',
] as const;

/**
 * Without a postmaster nothing takes checkpoints: the WAL grew to 177 MB with 150 MB of inserts and went back to 33 MB by
 * one. It takes 2 ms when idle, 70 ms after those 150 MB.
 */
const CHECKPOINT_INTERVAL_MS = 60_000;

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('this program is started by the server, not by hand');
  const { folder, create } = workerData as ThreadOptions;
  const say = (message: ThreadMessage) => port.postMessage(message);
  try {
    const database = await PGlite.create({
      dataDir: folder,
      startParams: [...PGlite.defaultStartParams, ...SETTINGS.flatMap((setting) => ['-c', setting])],
    });
    if (create) await database.close();
    else serve(database, port);
    say({ type: 'ready' });
  } catch (error) {
    say({ type: 'failed', problem: error instanceof Error ? error.message : String(error) });
  }
}

function serve(database: PGlite, port: NonNullable<typeof parentPort>): void {
  let rest: Uint8Array = new Uint8Array();
  let started = false;
  let idle = true;
  let written = false;
  // One group of messages at a time, in the order in which they came.
  let queue: Promise<void> = Promise.resolve();

  const execute = async (bytes: Uint8Array): Promise<void> => {
    const reply = await database.execProtocolRaw(bytes, { syncToFs: false });
    idle = endsOutsideTransaction(reply);
    written = true;
    port.postMessage(reply);
  };
  const checkpoint = async (): Promise<void> => {
    if (!idle || !written) return;
    written = false;
    await database.execProtocolRaw(encodeQuery('CHECKPOINT'), { syncToFs: false });
  };
  const timer = setInterval(() => {
    queue = queue.then(checkpoint);
  }, CHECKPOINT_INTERVAL_MS);

  const end = async (): Promise<void> => {
    clearInterval(timer);
    await database.close();
    port.close();
  };
  const take = async (chunk: Uint8Array): Promise<void> => {
    const cut = cutMessages(rest, chunk, started);
    rest = cut.rest;
    if (cut.startup) {
      started = true;
      port.postMessage(startupReply());
    }
    for (const group of cut.groups) {
      if (group[0] === TERMINATE) return end();
      await execute(group);
    }
  };
  port.on('message', (chunk: Uint8Array) => {
    // A rejection reaches the server as the thread's `error`, which fails the connection.
    queue = queue.then(() => take(chunk));
  });
}

await main();
