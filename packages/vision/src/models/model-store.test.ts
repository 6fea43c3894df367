import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ModelEntry, ModelManifest } from '@media-analyzer/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveFiles, sha256, type TestServer } from '../testing/file-server.js';
import { type FetchProgress, ModelStore, type ModelStoreOptions } from './index.js';

const weights = randomBytes(400_000);

let dir: string;
let server: TestServer;
const served = new Map<string, Uint8Array>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'models-'));
  served.clear();
  served.set('/thing/thing.onnx', weights);
  server = await serveFiles(served);
});
afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

function entry(name: string, options: { bundled?: boolean; sources?: string[] } = {}): ModelEntry {
  return {
    ...{
      name,
      task: 'object-detection',
      family: 'yolox',
      title: name,
      licence: 'MIT',
      homepage: 'https://example.org',
    },
    ...{
      cost: null,
      obtain: null,
      appearance: { sure: { score: 0.4, ageMs: 300 }, verySure: { score: 0.6, ageMs: 1000 } },
    },
    ...{ bundled: options.bundled ?? false, scoreThreshold: 0.3, iouThreshold: 0.5, labels: 'things' },
    files: [{ name: `${name}.onnx`, sha256: sha256(weights), bytes: weights.length, sources: options.sources ?? [] }],
    input: { width: 32, height: 32, fit: 'stretch', pad: 114, channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] },
  };
}

function store(model: ModelEntry, options: Partial<ModelStoreOptions> = {}): ModelStore {
  const manifest: ModelManifest = { version: 1, labelSets: { things: ['thing'] }, models: [model] };
  return new ModelStore({
    ...{ manifest, bundledDir: join(dir, 'bundled'), cacheDir: join(dir, 'cache'), mirror: null, log: () => {} },
    policy: { attempts: 3, backoffMs: 1, stallMs: 2_000 },
    ...options,
  });
}

const cached = (): string => join(dir, 'cache/thing/thing.onnx');
async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

describe('a model on this machine', () => {
  it('is resolved with its labels from the bundled folder', async () => {
    const path = join(dir, 'bundled/thing/thing.onnx');
    await put(path, weights);
    const models = store(entry('thing', { bundled: true }));
    expect(await models.resolve('thing')).toMatchObject({ path, labels: ['thing'], entry: { name: 'thing' } });
    expect(models.list()).toEqual([
      expect.objectContaining({ name: 'thing', state: 'ready', bytes: 400_000, problem: null }),
    ]);
  });

  it('says where a person has to put it when nothing can fetch it', async () => {
    const models = store({ ...entry('thing', { sources: [] }), obtain: 'Ask for it.' });
    const files = [{ path: cached(), sha256: sha256(weights), bytes: weights.length }];
    expect(models.state('thing')).toMatchObject({
      state: 'missing',
      fetchable: false,
      ownFiles: { how: 'Ask for it.', files },
    });
    await put(cached(), weights);
    await models.fetch('thing');
    expect(models.state('thing').state).toBe('ready');
  });

  it('is taken from the cache when the bundled copy is broken', async () => {
    await put(join(dir, 'bundled/thing/thing.onnx'), Buffer.from('version https://git-lfs.github.com/spec/v1'));
    await put(cached(), weights);
    expect((await store(entry('thing', { bundled: true })).resolve('thing')).path).toBe(cached());
  });

  it('is refused when its bytes are not those of the manifest', async () => {
    await put(cached(), randomBytes(weights.length));
    const models = store(entry('thing'));
    await expect(models.resolve('thing')).rejects.toMatchObject({ code: 'model_hash_mismatch' });
    expect(models.state('thing')).toMatchObject({ state: 'failed', problem: { code: 'model_hash_mismatch' } });
  });

  it('is seen as changed after it was verified once', async () => {
    await put(cached(), weights);
    const models = store(entry('thing'));
    await models.resolve('thing');
    await put(cached(), randomBytes(weights.length + 1));
    await expect(models.resolve('thing')).rejects.toMatchObject({ code: 'model_hash_mismatch' });
  });

  it('is missing with the command that brings it', async () => {
    const models = store(entry('thing'));
    await expect(models.resolve('thing')).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('npm run models'),
    });
    expect(models.state('thing')).toMatchObject({ state: 'missing', problem: { code: 'model_missing' } });
    await expect(models.resolve('other')).rejects.toMatchObject({ code: 'model_unknown' });
  });
});

describe('fetching a model', () => {
  it('copies it from a mirror folder before it asks the network', async () => {
    await put(join(dir, 'mirror/thing/thing.onnx'), weights);
    const models = store(entry('thing', { sources: [`${server.url}/thing/thing.onnx`] }), {
      mirror: join(dir, 'mirror'),
    });
    expect((await models.fetch('thing')).path).toBe(cached());
    expect(await readFile(cached())).toEqual(weights);
    expect(server.requests).toEqual([]);
  });

  it('asks a mirror address for <model>/<file>, then the public source', async () => {
    served.set('/public/thing.onnx', weights);
    served.delete('/thing/thing.onnx');
    const models = store(entry('thing', { sources: [`${server.url}/public/thing.onnx`] }), {
      mirror: `${server.url}/`,
    });
    await models.fetch('thing');
    expect(server.requests.map((request) => request.path)).toEqual(['/thing/thing.onnx', '/public/thing.onnx']);
    expect(await readdir(dirname(cached()))).toEqual(['thing.onnx']);
  });

  it('does nothing when the model is here already', async () => {
    await put(cached(), weights);
    await store(entry('thing'), { mirror: server.url }).fetch('thing');
    expect(server.requests).toEqual([]);
  });

  it('reports progress up to the whole size', async () => {
    const seen: FetchProgress[] = [];
    await store(entry('thing'), { mirror: server.url }).fetch('thing', {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.at(-1)).toMatchObject({ model: 'thing', fetchedBytes: weights.length, totalBytes: weights.length });
    expect(seen.map((progress) => progress.fetchedBytes)).toEqual(
      seen.map((progress) => progress.fetchedBytes).sort((a, b) => a - b),
    );
  });

  it('continues a connection that broke where it broke', async () => {
    let breakOff: (() => void) | null = null;
    server.intercept = (_, response) => {
      if (breakOff) return false;
      breakOff = () => response.destroy();
      response.writeHead(200, { etag: `"${sha256(weights).slice(0, 8)}"`, 'content-length': weights.length });
      response.write(weights.subarray(0, 150_000));
      return true;
    };
    let atBreak = 0;
    const onProgress = ({ fetchedBytes }: FetchProgress): void => {
      if (fetchedBytes === 0 || atBreak > 0) return;
      atBreak = fetchedBytes;
      breakOff?.();
    };
    await store(entry('thing'), { mirror: server.url }).fetch('thing', { onProgress });
    expect(server.requests).toHaveLength(2);
    const { range, ifRange } = server.requests[1]!;
    expect(ifRange).toBe(`"${sha256(weights).slice(0, 8)}"`);
    expect(Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1])).toBeGreaterThanOrEqual(atBreak);
    expect(await readFile(cached())).toEqual(weights);
  });

  it('continues what an earlier process left behind', async () => {
    await put(`${cached()}.part`, weights.subarray(0, 300_000));
    await store(entry('thing'), { mirror: server.url }).fetch('thing');
    expect(server.requests).toMatchObject([{ range: 'bytes=300000-' }]);
  });

  it('starts over when what was left behind is not of this file', async () => {
    await put(`${cached()}.part`, randomBytes(300_000));
    await store(entry('thing'), { mirror: server.url }).fetch('thing');
    expect(server.requests.map((request) => request.range)).toEqual(['bytes=300000-', null]);
    expect(await readFile(cached())).toEqual(weights);
  });

  it('takes the whole file from a server that does not know ranges', async () => {
    await put(`${cached()}.part`, weights.subarray(0, 300_000));
    server.intercept = (_, response) => {
      response.writeHead(200, { 'content-length': weights.length }).end(weights);
      return true;
    };
    await store(entry('thing'), { mirror: server.url }).fetch('thing');
    expect(await readFile(cached())).toEqual(weights);
  });

  it('refuses and removes a file with another hash, and keeps nothing of it', async () => {
    served.set('/thing/thing.onnx', randomBytes(weights.length));
    const models = store(entry('thing'), { mirror: server.url });
    await expect(models.fetch('thing')).rejects.toMatchObject({ code: 'model_hash_mismatch' });
    expect(await readdir(dirname(cached()))).toEqual([]);
    expect(models.state('thing')).toMatchObject({ state: 'failed', problem: { code: 'model_hash_mismatch' } });
  });

  it('replaces a broken file in the cache', async () => {
    await put(cached(), randomBytes(10));
    const models = store(entry('thing'), { mirror: server.url });
    await models.fetch('thing');
    expect(models.state('thing')).toMatchObject({ state: 'ready', problem: null });
  });

  it('goes to the next source when one serves another file', async () => {
    served.set('/wrong/thing.onnx', randomBytes(weights.length));
    served.set('/short/thing.onnx', randomBytes(10));
    const sources = ['wrong', 'short', 'thing'].map((name) => `${server.url}/${name}/thing.onnx`);
    await store(entry('thing', { sources })).fetch('thing');
    expect(await readFile(cached())).toEqual(weights);
  });

  it('tries a failing server again, but does not repeat a plain no', async () => {
    let failures = 2;
    server.intercept = (_, response) => {
      if (failures-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    };
    await store(entry('thing'), { mirror: server.url }).fetch('thing');
    expect(server.requests).toHaveLength(3);
    served.clear();
    await rm(cached());
    await expect(store(entry('thing'), { mirror: server.url }).fetch('thing')).rejects.toMatchObject({
      code: 'model_download_failed',
      message: expect.stringContaining('404'),
    });
    expect(server.requests).toHaveLength(4);
  });

  it('gives up a server that stalls, with the reason', async () => {
    server.intercept = (_, response) => {
      response.writeHead(200, { 'content-length': weights.length });
      response.flushHeaders();
      return true;
    };
    const models = store(entry('thing'), { mirror: server.url, policy: { attempts: 2, backoffMs: 1, stallMs: 50 } });
    await expect(models.fetch('thing')).rejects.toMatchObject({
      code: 'model_download_failed',
      message: expect.stringContaining('50 ms'),
    });
  });

  it('says what to do when no source is known', async () => {
    await expect(store(entry('thing')).fetch('thing')).rejects.toMatchObject({
      code: 'model_download_failed',
      message: expect.stringContaining('MODELS_MIRROR'),
    });
  });

  it('tells a full disk from a broken source', async () => {
    // The device that is always full exists on Linux only.
    if (process.platform !== 'linux') return;
    await mkdir(dirname(cached()), { recursive: true });
    await symlink('/dev/full', `${cached()}.part`);
    const models = store(entry('thing'), { mirror: server.url });
    await expect(models.fetch('thing')).rejects.toMatchObject({ code: 'model_disk_full', status: 507 });
  });

  it('is shared by all who ask at the same time', async () => {
    const models = store(entry('thing'), { mirror: server.url });
    const both = await Promise.all([models.fetch('thing'), models.fetch('thing')]);
    expect(both[0]).toEqual(both[1]);
    expect(server.requests).toHaveLength(1);
  });

  it('goes on for the others when one gives up, and stops when all have', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      server.intercept = (_, response) => {
        response.writeHead(200, { 'content-length': weights.length });
        response.write(weights.subarray(0, 100_000));
        release = () => response.end(weights.subarray(100_000));
        resolve();
        return true;
      };
    });
    const models = store(entry('thing'), { mirror: server.url });
    const impatient = new AbortController();
    const first = models.fetch('thing', { signal: impatient.signal });
    const second = models.fetch('thing');
    await held;
    impatient.abort(new Error('no time'));
    await expect(first).rejects.toThrow('no time');
    expect(models.state('thing').state).toBe('fetching');
    release();
    await second;
    expect((await stat(cached())).size).toBe(weights.length);
  });

  it('keeps the partial file of an aborted fetch for the next one', async () => {
    const abort = new AbortController();
    server.intercept = (_, response) => {
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 100_000));
      return true;
    };
    const models = store(entry('thing'), { mirror: server.url });
    const onProgress = (progress: FetchProgress): void => {
      if (progress.fetchedBytes === 100_000) abort.abort(new Error('enough'));
    };
    await expect(models.fetch('thing', { signal: abort.signal, onProgress })).rejects.toThrow('enough');
    server.intercept = null;
    await models.fetch('thing');
    expect(server.requests.at(-1)).toMatchObject({ range: 'bytes=100000-' });
    await expect(access(`${cached()}.part`)).rejects.toThrow();
  });

  it('tells watchers of each state until they leave', async () => {
    const models = store(entry('thing'), { mirror: server.url });
    const states: string[] = [];
    const leave = models.watch((state) => states.push(state.state));
    await models.fetch('thing');
    await expect.poll(() => states.at(-1), { timeout: 10_000 }).toBe('ready');
    expect(states[0]).toBe('fetching');
    leave();
    const before = states.length;
    await rm(cached());
    await models.fetch('thing');
    expect(states).toHaveLength(before);
  });
});
