import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log.js';
import { openDataDir } from './data-dir.js';
import { makeFolder, type TestFolder } from './testing/folders.js';

describe('the data folder', () => {
  let folder: TestFolder;
  let data: string;
  beforeEach(async () => {
    folder = await makeFolder();
    data = path.join(folder.path, 'a/data');
  });
  afterEach(() => folder.remove());
  const open = () => openDataDir({ path: data, log: silentLog });
  const lockFile = () => path.join(data, 'lock');
  const rewriteLock = async (change: object) => {
    await writeFile(lockFile(), JSON.stringify({ ...JSON.parse(await readFile(lockFile(), 'utf8')), ...change }));
  };

  it('is created, locked, and left clean', async () => {
    const opened = await open();
    expect(await readdir(data)).toEqual(['lock']);
    await opened.close();
    expect(await readdir(data)).toEqual([]);
  });

  it('is refused to a second server, by the pid of the first', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'data_dir_locked', details: { path: data, pid: process.pid } });
    expect(await readdir(data)).toEqual(['lock']);
    await first.close();
    await (await open()).close();
  });

  it('goes to one of many servers that start at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, open));
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(opened).toHaveLength(1);
    await opened[0]!.close();
  });

  it('is taken over from a process that was killed', async () => {
    const child = await holdInChild(data);
    await expect(open()).rejects.toMatchObject({ code: 'data_dir_locked', details: { pid: child.pid } });
    await child.kill();
    expect(await readdir(data)).toEqual(['lock']);
    const opened = await open();
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    await opened.close();
  });

  it('goes to one of many servers that take it over at once', async () => {
    const child = await holdInChild(data);
    await child.kill();
    const results = await Promise.allSettled(Array.from({ length: 10 }, open));
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(opened).toHaveLength(1);
    expect(await readdir(data)).toEqual(['lock']);
    await opened[0]!.close();
  });

  it('is taken over when another process has the pid of the dead one by now', async () => {
    const first = await open();
    await rewriteLock({ startedTicks: 'another-boot:1' });
    const second = await open();
    await first.close();
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    await second.close();
    expect(await readdir(data)).toEqual([]);
  });

  it('belongs to a server on another machine for as long as that one touches its lock', async () => {
    const first = await open();
    await rewriteLock({ host: 'elsewhere', pid: 1 });
    await expect(open()).rejects.toMatchObject({ code: 'data_dir_locked', details: { pid: 1 } });
    const minuteAgo = new Date(Date.now() - 60_000);
    await utimes(lockFile(), minuteAgo, minuteAgo);
    const second = await open();
    await second.close();
    await first.close();
  });

  it('is taken over when its lock makes no sense', async () => {
    await (await open()).close();
    await writeFile(lockFile(), '{"pid":');
    await (await open()).close();
  });

  it('is refused where it cannot be made', async () => {
    await writeFile(path.join(folder.path, 'a'), 'a file');
    await expect(open()).rejects.toMatchObject({ code: 'data_dir_unwritable', details: { path: data } });
  });

  it('is refused to a user who may not write it', async () => {
    await (await open()).close();
    await chmod(folder.path, 0o755);
    await chmod(data, 0o555);
    // Root may write anything, so a child without rights tries.
    const child = startChild(data, process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {});
    const [message] = (await once(child, 'message')) as [{ code?: string }];
    expect(message).toMatchObject({ code: 'data_dir_unwritable' });
    await once(child, 'exit');
    await chmod(data, 0o755);
  });
});

/** A process that opens the folder and holds it until it is killed. */
async function holdInChild(data: string) {
  const child = startChild(data);
  const [message] = (await once(child, 'message')) as [{ opened?: boolean }];
  expect(message).toEqual({ opened: true });
  return {
    pid: child.pid,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function startChild(data: string, user: { uid?: number; gid?: number } = {}) {
  const program = `
    import { openDataDir } from ${JSON.stringify(new URL('./data-dir.ts', import.meta.url).href)};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    openDataDir({ path: ${JSON.stringify(data)}, log }).then(
      () => { process.send({ opened: true }); setInterval(() => {}, 1000); },
      (error) => process.send({ code: error.code, message: error.message }, () => process.exit()),
    );`;
  const flags = ['--conditions=source', '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program];
  return spawn(process.execPath, flags, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...user });
}
