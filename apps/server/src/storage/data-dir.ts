import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { CodedError, describeError } from '@media-analyzer/protocol';
import { z } from 'zod';
import type { Logger } from '../log.js';

/** The owner touches its lock this often, ms. */
const TOUCH_INTERVAL_MS = 5000;
/** A lock of another machine (or container) whose owner did not touch it for this long is stale, ms. Six touches missed. */
const FOREIGN_STALE_MS = 30_000;
const TAKEOVER_TRIES = 5;

const lockContent = z.object({
  id: z.string(),
  pid: z.number().int().positive(),
  host: z.string(),
  /** What tells this process from a later one with the same pid; null where the system does not say. */
  startedTicks: z.string().nullable(),
});
type LockContent = z.infer<typeof lockContent>;

export interface DataDirOptions {
  /** Absolute. Created when it is missing. */
  readonly path: string;
  readonly log: Logger;
}

/** The data folder, held by this process alone. */
export interface DataDir {
  readonly path: string;
  /** Lets go of it. Last of all: whatever lives in it must be closed before. */
  close(): Promise<void>;
}

/**
 * Takes the data folder for this process. The lock is a file with the owner's pid; one whose owner is dead is taken over,
 * so that a server starts again after a crash without anybody's help.
 *
 * @throws CodedError `data_dir_unwritable`, `data_dir_locked`
 */
export async function openDataDir({ path: folder, log }: DataDirOptions): Promise<DataDir> {
  try {
    await mkdir(folder, { recursive: true });
    const lock = await takeLock(folder, log);
    const touch = setInterval(() => {
      const now = new Date();
      utimes(lock.file, now, now).catch((error: unknown) =>
        log.warn({ problem: describeError(error) }, 'data folder lock cannot be touched'),
      );
    }, TOUCH_INTERVAL_MS);
    touch.unref();
    return {
      path: folder,
      async close() {
        clearInterval(touch);
        // Only the own one: somebody may have removed it by hand and started a second server.
        if ((await readLock(lock.file))?.id === lock.id) await rm(lock.file, { force: true });
      },
    };
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new CodedError('data_dir_unwritable', { path: folder, problem: describeError(error) }, { cause: error });
  }
}

async function takeLock(folder: string, log: Logger): Promise<{ readonly file: string; readonly id: string }> {
  const file = path.join(folder, 'lock');
  const own: LockContent = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    startedTicks: await startedTicks(process.pid),
  };
  // Written aside and linked: the lock has its content from the first moment, and linking fails when there is one.
  const draft = `${file}.${own.id}`;
  await writeFile(draft, JSON.stringify(own), { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < TAKEOVER_TRIES; attempt++) {
      if (await linkIfFree(draft, file)) return { file, id: own.id };
      const owner = await readLock(file);
      if (await isOwned(file, owner))
        throw new CodedError('data_dir_locked', { path: folder, pid: owner?.pid ?? 'unknown' });
      await removeStale(file, owner);
      log.warn({ pid: owner?.pid ?? null }, 'data folder taken over from a server that died');
    }
    throw new CodedError('data_dir_locked', { path: folder, pid: (await readLock(file))?.pid ?? 'unknown' });
  } finally {
    await rm(draft, { force: true });
  }
}

async function linkIfFree(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock away. When another server was faster and the lock is its own by now, it is put back. */
async function removeStale(file: string, stale: LockContent | null): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => {});
  const moved = await readLock(aside);
  if (moved !== null && moved.id !== stale?.id) await linkIfFree(aside, file);
  await rm(aside, { force: true });
}

async function isOwned(file: string, owner: LockContent | null): Promise<boolean> {
  // Gone since, or no lock of ours: nobody writes one in halves.
  if (owner === null) return false;
  if (owner.host !== hostname()) {
    const touchedAt = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
    return Date.now() - touchedAt < FOREIGN_STALE_MS;
  }
  if (!isAlive(owner.pid)) return false;
  // In a container the server always has the same pid, so after a crash it would meet itself.
  return owner.startedTicks === null || owner.startedTicks === (await startedTicks(owner.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Boot and start time of a process, from /proc (proc(5): field 22 of `stat`, in clock ticks since boot). */
async function startedTicks(pid: number): Promise<string | null> {
  try {
    const fields = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // The name in field 2 may hold spaces and brackets; the fields after it do not.
    const started = fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19];
    return started === undefined ? null : `${boot.trim()}:${started}`;
  } catch {
    return null;
  }
}

async function readLock(file: string): Promise<LockContent | null> {
  try {
    return lockContent.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}
