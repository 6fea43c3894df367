import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  opendir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { CodedError, describeError } from '@media-analyzer/protocol';
import { checkKey, checkPrefix } from './object-keys.js';
import type { ByteRange, ObjectStat, ObjectStore } from './object-store.js';

/** Begins with a dot, which no key does. */
const UNFINISHED = '.unfinished';
/** An unfinished file that is older was left by a server that died; no write takes so long. ms. */
const UNFINISHED_MAX_AGE_MS = 60 * 60_000;

/** How old what is known of the free room may be, ms: others write to the disk too. */
const LOOK_EVERY_MS = 1000;

export interface FolderObjectStoreOptions {
  /** Absolute. Created when it is missing. */
  readonly folder: string;
  /** Objects are refused as `storage_full` when less would be left free, bytes. Default 0. */
  readonly reserveBytes?: number;
}

/**
 * Objects as files of one folder.
 *
 * An object is written beside, synced (`fdatasync`), and renamed. The sync costs one disk flush for each segment, some
 * milliseconds every two seconds on a thread of its own, and buys that after a power cut no database row points at a file
 * of zeros. The folder entry is not synced: a rename that was lost is a missing object, which readers know how to meet.
 */
export class FolderObjectStore implements ObjectStore {
  private readonly folder: string;
  private readonly reserveBytes: number;
  /** Free bytes at the last look, less what was written since. */
  private room = 0;
  /** Of a clock that nobody sets, ms. */
  private lookedAt = Number.NEGATIVE_INFINITY;

  private constructor({ folder, reserveBytes = 0 }: FolderObjectStoreOptions) {
    this.folder = folder;
    this.reserveBytes = reserveBytes;
  }

  /** Opens the folder and clears away what a server that died left unfinished. @throws CodedError `storage_failed`, `storage_full` */
  static async open(options: FolderObjectStoreOptions): Promise<FolderObjectStore> {
    const store = new FolderObjectStore(options);
    await store.attempt('', async () => {
      await mkdir(path.join(options.folder, UNFINISHED), { recursive: true });
      await store.clearUnfinished();
    });
    return store;
  }

  async put(key: string, data: Uint8Array | readonly Uint8Array[]): Promise<ObjectStat> {
    const target = this.pathOf(key);
    const chunks = data instanceof Uint8Array ? [data] : data;
    return this.attempt(key, async () => {
      await this.checkRoom(chunks);
      const unfinished = path.join(this.folder, UNFINISHED, randomUUID());
      try {
        const written = await writeSynced(unfinished, chunks);
        await moveInto(unfinished, target);
        return toStat(key, written);
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => {});
        throw error;
      }
    });
  }

  async get(key: string): Promise<Uint8Array | null> {
    const target = this.pathOf(key);
    return this.attempt(key, () => nullIfMissing(readFile(target)));
  }

  async open(key: string, range?: ByteRange): Promise<{ readonly stat: ObjectStat; readonly stream: Readable } | null> {
    const target = this.pathOf(key);
    return this.attempt(key, async () => {
      const handle = await nullIfMissing(open(target, 'r'));
      if (!handle) return null;
      try {
        // Of the open file: its name may mean another one by now.
        const stats = await handle.stat({ bigint: true });
        if (!stats.isFile()) {
          await handle.close();
          return null;
        }
        return {
          stat: toStat(key, stats),
          stream: handle.createReadStream(range && { start: range.start, end: range.end }),
        };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async stat(key: string): Promise<ObjectStat | null> {
    const target = this.pathOf(key);
    return this.attempt(key, async () => {
      const stats = await nullIfMissing(stat(target, { bigint: true }));
      return stats?.isFile() ? toStat(key, stats) : null;
    });
  }

  async delete(key: string): Promise<void> {
    const target = this.pathOf(key);
    await this.attempt(key, () => nullIfMissing(unlink(target)));
  }

  async deletePrefix(prefix: string): Promise<void> {
    checkPrefix(prefix);
    const target = this.pathOf(prefix.slice(0, -1));
    await this.attempt(prefix, async () => {
      await rm(target, { recursive: true, force: true });
      // The folder above, when nothing else is in it; only the root stays.
      if (prefix.split('/').length > 2) await rmdir(path.dirname(target)).catch(() => {});
    });
  }

  async *list(prefix: string): AsyncIterable<ObjectStat> {
    checkPrefix(prefix);
    const folder = await this.attempt(prefix, () => nullIfMissing(opendir(this.pathOf(prefix.slice(0, -1)))));
    if (!folder) return;
    for await (const entry of folder) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) yield* this.list(`${key}/`);
      else if (isKey(key)) {
        const found = await this.stat(key);
        if (found) yield found;
      }
    }
  }

  async freeBytes(): Promise<number | null> {
    return this.attempt('', async () => {
      const { bavail, bsize } = await statfs(this.folder);
      return bavail * bsize;
    });
  }

  private async checkRoom(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.reserveBytes === 0) return;
    const needed = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    this.room -= needed;
    const known = performance.now() - this.lookedAt < LOOK_EVERY_MS && this.room > this.reserveBytes;
    if (known) return;
    const { bavail, bsize } = await statfs(this.folder);
    this.lookedAt = performance.now();
    this.room = bavail * bsize - needed;
    if (this.room < this.reserveBytes) throw new CodedError('storage_full', { path: this.folder });
  }

  private async clearUnfinished(): Promise<void> {
    const before = Date.now() - UNFINISHED_MAX_AGE_MS;
    for await (const entry of await opendir(path.join(this.folder, UNFINISHED))) {
      const file = path.join(this.folder, UNFINISHED, entry.name);
      const found = await nullIfMissing(stat(file));
      if (found && found.mtimeMs < before) await rm(file, { force: true });
    }
  }

  private pathOf(key: string): string {
    checkKey(key);
    return path.join(this.folder, key);
  }

  private async attempt<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CodedError) throw error;
      const code = errnoOf(error);
      if (code === 'ENOSPC' || code === 'EDQUOT')
        throw new CodedError('storage_full', { path: this.folder }, { cause: error });
      throw new CodedError(
        'storage_failed',
        { path: path.join(this.folder, key), problem: describeError(error) },
        { cause: error },
      );
    }
  }
}

/**
 * Moves the file into the folder, which is there but for the first object of a session; made then, and once more when a deletion
 * took the empty folder away in between.
 */
async function moveInto(file: string, target: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await rename(file, target);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || tries === 2) throw error;
      await mkdir(path.dirname(target), { recursive: true });
    }
  }
}

async function writeSynced(file: string, chunks: readonly Uint8Array[]): Promise<BigIntStats> {
  const handle = await open(file, 'wx');
  try {
    await writeAll(handle, chunks);
    await handle.datasync();
    return await handle.stat({ bigint: true });
  } finally {
    await handle.close();
  }
}

/** `writev` may take less than it was given, as a disk that is nearly full does. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.byteLength > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    if (bytesWritten === 0) throw Object.assign(new Error('the disk took no more bytes'), { code: 'ENOSPC' });
    const next: Uint8Array[] = [];
    for (const chunk of rest) {
      const taken = Math.min(bytesWritten, chunk.byteLength);
      bytesWritten -= taken;
      if (taken < chunk.byteLength) next.push(chunk.subarray(taken));
    }
    rest = next;
  }
}

/** ENOTDIR: a part of the key is an object itself, so nothing can lie below it. EISDIR: the key is a folder of keys. */
async function nullIfMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errnoOf(error))) return null;
    throw error;
  }
}

function toStat(key: string, stats: BigIntStats): ObjectStat {
  const etag = `"${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`;
  return { key, size: Number(stats.size), etag, modifiedAt: Number(stats.mtimeMs) };
}

function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}

function errnoOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
