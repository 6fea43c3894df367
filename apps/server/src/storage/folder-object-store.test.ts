import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { CodedError } from '@media-analyzer/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderObjectStore } from './folder-object-store.js';
import { mediaKey, mediaPrefix, sessionPrefix } from './object-keys.js';
import { itWithSmallDisk, makeFolder, makeSmallDisk, type TestFolder } from './testing/folders.js';

const KEY = mediaKey('stream', 'session', 'seg-1.m4s');
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | null) => (data === null ? null : new TextDecoder().decode(data));

async function drain(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a folder of objects', () => {
  let folder: TestFolder;
  let store: FolderObjectStore;
  beforeEach(async () => {
    folder = await makeFolder();
    store = await FolderObjectStore.open({ folder: path.join(folder.path, 'objects') });
  });
  afterEach(() => folder.remove());
  const unfinished = () => readdir(path.join(folder.path, 'objects', '.unfinished'));
  const listed = async (prefix: string) => {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys.sort();
  };

  it('gives back what was put, in one piece or in several', async () => {
    await store.put(KEY, bytes('whole'));
    expect(text(await store.get(KEY))).toBe('whole');
    const many = Array.from({ length: 2000 }, (_, index) => bytes(`${index},`));
    const put = await store.put(KEY, [new Uint8Array(), ...many]);
    expect(text(await store.get(KEY))).toBe(many.map((chunk) => text(chunk)).join(''));
    expect(await store.stat(KEY)).toEqual(put);
    expect(await unfinished()).toEqual([]);
  });

  it('says size, time and a tag that changes with the bytes', async () => {
    const first = await store.put(KEY, bytes('one'));
    expect(first).toMatchObject({ key: KEY, size: 3 });
    expect(first.etag).toMatch(/^"[0-9a-z-]+"$/);
    expect(Math.abs(first.modifiedAt - Date.now())).toBeLessThan(60_000);
    const second = await store.put(KEY, bytes('two'));
    expect(second.etag).not.toBe(first.etag);
    const opened = await store.open(KEY);
    expect(opened?.stat).toEqual(second);
    opened?.stream.destroy();
  });

  it('streams an object or a range of it', async () => {
    await store.put(KEY, bytes('0123456789'));
    const read = async (range?: { start: number; end: number }) => drain((await store.open(KEY, range))!.stream);
    expect(await read()).toBe('0123456789');
    expect(await read({ start: 2, end: 4 })).toBe('234');
    expect(await read({ start: 9, end: 9 })).toBe('9');
  });

  it('goes on giving the old object to those who opened it before it was replaced or deleted', async () => {
    await store.put(KEY, bytes('old'));
    const [first, second] = [await store.open(KEY), await store.open(KEY)];
    await store.put(KEY, bytes('new one'));
    expect(await drain(first!.stream)).toBe('old');
    await store.delete(KEY);
    expect(await drain(second!.stream)).toBe('old');
  });

  it('has nothing where nothing was put, nor where a key names a folder or goes through an object', async () => {
    await store.put(KEY, bytes('x'));
    for (const key of ['media/stream/session/none', 'media/stream', `${KEY}/below`]) {
      expect(await store.get(key)).toBeNull();
      expect(await store.open(key)).toBeNull();
      expect(await store.stat(key)).toBeNull();
    }
  });

  it('deletes objects and whole prefixes, and takes no offence at what is gone', async () => {
    const other = mediaKey('stream', 'other', 'seg-1.m4s');
    const sibling = mediaKey('stream2', 'session', 'seg-1.m4s');
    for (const key of [KEY, other, sibling]) await store.put(key, bytes('x'));
    await store.delete(KEY);
    await store.delete(KEY);
    expect(await listed('media/')).toEqual([other, sibling]);
    await store.put(KEY, bytes('x'));
    await store.deletePrefix(sessionPrefix('stream', 'session'));
    expect(await listed(mediaPrefix('stream'))).toEqual([other]);
    await store.deletePrefix(mediaPrefix('stream'));
    await store.deletePrefix(mediaPrefix('stream'));
    expect(await listed('media/')).toEqual([sibling]);
  });

  it('lists everything below a prefix and nothing else', async () => {
    const keys = [mediaKey('a', 'b', '1'), mediaKey('a', 'b', '2'), mediaKey('a', 'c', '1'), mediaKey('ab', 'c', '1')];
    for (const key of keys) await store.put(key, bytes(key));
    await writeFile(path.join(folder.path, 'objects/media/a/b/.hidden'), 'not ours');
    expect(await listed('media/a/')).toEqual(keys.slice(0, 3));
    expect(await listed('media/none/')).toEqual([]);
  });

  it.each([
    '',
    '/etc/passwd',
    '..',
    '../x',
    'media/../../x',
    'media/./x',
    'media//x',
    'media/x/',
    'media/x\0.m4s',
    'media\\..\\x',
    'media/..%2fx/\u0000',
    'media/.hidden',
    '.unfinished/x',
    'media/a b',
    'media/ünïcode',
    `media/${'x'.repeat(600)}`,
  ])('refuses the key %j in every call', async (key) => {
    const calls = [
      store.put(key, bytes('x')),
      store.get(key),
      store.open(key),
      store.stat(key),
      store.delete(key),
      store.deletePrefix(`${key}/`),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'object_key_invalid' } });
    }
    await expect(listed(`${key}/`)).rejects.toMatchObject({ code: 'object_key_invalid' });
    expect(await readdir(path.join(folder.path, 'objects'))).toEqual(['.unfinished']);
  });

  it('refuses a prefix without its slash, so that "a" never takes "ab" along', async () => {
    await expect(store.deletePrefix('media/a')).rejects.toMatchObject({ code: 'object_key_invalid' });
  });

  it('leaves the old object and no litter when a put fails', async () => {
    await store.put('media/object', bytes('kept'));
    const failed = store.put('media/object/below', bytes('x'));
    await expect(failed).rejects.toMatchObject({ code: 'storage_failed' });
    await expect(failed).rejects.toBeInstanceOf(CodedError);
    expect(text(await store.get('media/object'))).toBe('kept');
    expect(await unfinished()).toEqual([]);
  });

  it('clears away at the start what a dead server left unfinished, and nothing that is being written', async () => {
    const [old, young] = ['old', 'young'].map((name) => path.join(folder.path, 'objects/.unfinished', name));
    await writeFile(old!, 'x');
    await writeFile(young!, 'x');
    const longAgo = new Date(Date.now() - 2 * 60 * 60_000);
    await utimes(old!, longAgo, longAgo);
    await FolderObjectStore.open({ folder: path.join(folder.path, 'objects') });
    expect(await unfinished()).toEqual(['young']);
  });

  it('refuses objects when they would eat into the reserve', async () => {
    const free = (await store.freeBytes())!;
    expect(free).toBeGreaterThan(0);
    const careful = await FolderObjectStore.open({ folder: folder.path, reserveBytes: free * 2 });
    await expect(careful.put(KEY, bytes('x'))).rejects.toMatchObject({
      code: 'storage_full',
      details: { path: folder.path },
    });
    expect(await careful.stat(KEY)).toBeNull();
  });

  it('says where it could not be opened', async () => {
    const file = path.join(folder.path, 'file');
    await writeFile(file, 'x');
    await expect(FolderObjectStore.open({ folder: path.join(file, 'objects') })).rejects.toMatchObject({
      code: 'storage_failed',
    });
  });

  it('does not follow a key out of its folder by a link that is no object', async () => {
    await mkdir(path.join(folder.path, 'outside'));
    await mkdir(path.join(folder.path, 'objects/media'));
    await symlink(path.join(folder.path, 'outside'), path.join(folder.path, 'objects/media/link'));
    await store.deletePrefix('media/link/');
    expect((await stat(path.join(folder.path, 'outside'))).isDirectory()).toBe(true);
  });

  itWithSmallDisk('says that the disk is full, keeps what it has, and goes on when there is room', async () => {
    const disk = await makeSmallDisk(1_000_000);
    try {
      const full = await FolderObjectStore.open({ folder: disk.path });
      await full.put(KEY, new Uint8Array(600_000).fill(7));
      await expect(full.put(mediaKey('stream', 'session', 'seg-2.m4s'), new Uint8Array(600_000))).rejects.toMatchObject(
        {
          code: 'storage_full',
          details: { path: disk.path },
        },
      );
      // Replacing fails too, and does not cost the old one.
      await expect(full.put(KEY, [new Uint8Array(300_000), new Uint8Array(300_000)])).rejects.toMatchObject({
        code: 'storage_full',
      });
      expect(Buffer.alloc(600_000, 7).equals((await full.get(KEY))!)).toBe(true);
      expect(await readdir(path.join(disk.path, '.unfinished'))).toEqual([]);
      await full.delete(KEY);
      await full.put(mediaKey('stream', 'session', 'seg-2.m4s'), new Uint8Array(600_000));
      expect((await readFile(path.join(disk.path, 'media/stream/session/seg-2.m4s'))).length).toBe(600_000);
    } finally {
      await disk.remove();
    }
  });
});
