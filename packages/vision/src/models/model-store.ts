import { statSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import {
  CodedError,
  describeError,
  type ModelEntry,
  type ModelFile,
  type ModelManifest,
  type ModelStatus,
} from '@media-analyzer/protocol';
import type { LoadedModel, LogLevel } from '@media-analyzer/protocol/process';
import { DEFAULT_POLICY, type DownloadPolicy, download } from './download.js';
import { HashCache } from './hash.js';
import { findModel, modelBytes } from './manifest.js';
import { sourcesOf } from './source.js';

/** A model as the store sees it; whether it is `active` is known to its user. */
export type ModelState = Omit<ModelStatus, 'active'>;

/** How far a fetch is. */
export interface FetchProgress {
  readonly model: string;
  readonly file: string;
  /** Folder or address that the bytes come from. */
  readonly source: string;
  /** Of all files of the model. */
  readonly fetchedBytes: number;
  readonly totalBytes: number;
}

export interface FetchOptions {
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Gives up waiting; the download itself stops when nobody waits any more, and goes on from there the next time. */
  readonly signal?: AbortSignal;
}

export interface ModelStoreOptions {
  readonly manifest: ModelManifest;
  /** Committed weights: `<bundledDir>/<model>/<file>`. */
  readonly bundledDir: string;
  /** Fetched weights: `<cacheDir>/<model>/<file>`. Made when first needed. */
  readonly cacheDir: string;
  /** Folder or base URL tried before the public sources, laid out as the cache. */
  readonly mirror: string | null;
  readonly log: (level: LogLevel, text: string, fields?: Record<string, unknown>) => void;
  readonly policy?: Partial<DownloadPolicy>;
}

interface RunningFetch {
  readonly promise: Promise<LoadedModel>;
  readonly abort: AbortController;
  readonly listeners: Set<(progress: FetchProgress) => void>;
  waiting: number;
  fetchedBytes: number;
}

/** The weights on this machine: finds them, verifies them, and fetches what is missing. */
export class ModelStore {
  private readonly hashes = new HashCache();
  private readonly fetches = new Map<string, RunningFetch>();
  private readonly failures = new Map<string, CodedError>();
  private readonly watchers = new Set<(state: ModelState) => void>();

  constructor(private readonly options: ModelStoreOptions) {}

  /** State of every model of the manifest, from file sizes and what happened so far; `resolve` verifies the hash. */
  list(): ModelState[] {
    return this.options.manifest.models.map((entry) => this.stateOf(entry));
  }

  /** @throws CodedError `model_unknown`. */
  state(name: string): ModelState {
    return this.stateOf(findModel(this.options.manifest, name));
  }

  /** What a model can find. @throws CodedError `model_unknown`. */
  labels(name: string): readonly string[] {
    const { manifest } = this.options;
    return manifest.labelSets[findModel(manifest, name).labels] ?? [];
  }

  /** Calls the listener whenever a model's state changes, a few times a second while fetching. Returns the undo. */
  watch(listener: (state: ModelState) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  /**
   * The model with verified weights, ready to be loaded.
   *
   * @throws CodedError `model_unknown`; `model_missing` when a file is not on this machine; `model_hash_mismatch` when what
   * lies there is not the manifest's file.
   */
  async resolve(name: string): Promise<LoadedModel> {
    const entry = findModel(this.options.manifest, name);
    let first: string | null = null;
    for (const file of entry.files) {
      const found = await this.locate(entry, file);
      if (found.path === null) {
        const error = found.mismatch ?? new CodedError('model_missing', { model: name });
        if (found.mismatch) this.failures.set(name, found.mismatch);
        throw error;
      }
      first ??= found.path;
    }
    this.failures.delete(name);
    return { entry, labels: this.options.manifest.labelSets[entry.labels] ?? [], path: first ?? '' };
  }

  /**
   * Brings a model onto this machine: bundled, cache, mirror and public sources are tried in this order. Callers of the same
   * model share one download.
   *
   * @throws CodedError `model_unknown`, `model_download_failed`, `model_hash_mismatch`, `model_disk_full`; the signal's reason
   * when aborted.
   */
  async fetch(name: string, options: FetchOptions = {}): Promise<LoadedModel> {
    const { onProgress, signal } = options;
    const entry = findModel(this.options.manifest, name);
    signal?.throwIfAborted();
    // One that everyone has left is on its way out; a second writer beside it would break the partial file.
    for (let left = this.fetches.get(name); left?.abort.signal.aborted; left = this.fetches.get(name)) {
      await left.promise.catch(() => undefined);
    }
    const running = this.fetches.get(name) ?? this.begin(entry);
    running.waiting++;
    // A listener of its own per caller, so that one function given twice is also taken away once.
    const listener = onProgress && ((progress: FetchProgress) => onProgress(progress));
    if (listener) running.listeners.add(listener);
    try {
      return await (signal ? raceAbort(running.promise, signal) : running.promise);
    } finally {
      if (listener) running.listeners.delete(listener);
      if (--running.waiting === 0) running.abort.abort(new Error(`nobody waits for model "${name}" any more`));
    }
  }

  private begin(entry: ModelEntry): RunningFetch {
    const abort = new AbortController();
    const listeners = new Set<(progress: FetchProgress) => void>();
    const promise = Promise.resolve().then(() => this.run(entry, running));
    const running: RunningFetch = { promise, abort, listeners, waiting: 0, fetchedBytes: 0 };
    this.fetches.set(entry.name, running);
    const done = (failure: unknown): void => {
      this.fetches.delete(entry.name);
      if (failure instanceof CodedError) this.failures.set(entry.name, failure);
      else this.failures.delete(entry.name);
      this.announce(entry);
    };
    promise.then(() => done(null), done);
    return running;
  }

  private async run(entry: ModelEntry, running: RunningFetch): Promise<LoadedModel> {
    const { log, mirror, cacheDir } = this.options;
    const totalBytes = modelBytes(entry);
    let finished = 0;
    let lastAnnounced = 0;
    for (const file of entry.files) {
      const found = await this.locate(entry, file);
      if (found.path === null) {
        log('info', 'fetching model file', { model: entry.name, file: file.name, bytes: file.bytes });
        await download({
          file,
          sources: sourcesOf(entry.name, file, mirror),
          target: join(cacheDir, entry.name, file.name),
          policy: { ...DEFAULT_POLICY, ...this.options.policy },
          signal: running.abort.signal,
          onBytes: (bytes, source) => {
            running.fetchedBytes = finished + bytes;
            const progress = {
              model: entry.name,
              file: file.name,
              source,
              fetchedBytes: running.fetchedBytes,
              totalBytes,
            };
            for (const listener of running.listeners) listener(progress);
            if (Date.now() - lastAnnounced < 250) return;
            lastAnnounced = Date.now();
            this.announce(entry);
          },
          onRetry: (source, problem) =>
            log('warn', 'model download is tried again', { model: entry.name, source, problem }),
        }).catch((error: unknown) => {
          if (!running.abort.signal.aborted)
            log('error', 'model could not be fetched', { model: entry.name, problem: describeError(error) });
          throw error;
        });
      }
      finished += file.bytes;
      running.fetchedBytes = finished;
    }
    const loaded = await this.resolve(entry.name);
    log('info', 'model is ready', { model: entry.name });
    return loaded;
  }

  /** First place that has the file with its hash, and the first mismatch seen on the way. */
  private async locate(
    entry: ModelEntry,
    file: ModelFile,
  ): Promise<{ path: string | null; mismatch: CodedError | null }> {
    let mismatch: CodedError | null = null;
    for (const path of this.places(entry, file)) {
      const actual = await this.hashes.sha256(path);
      if (actual === file.sha256) return { path, mismatch };
      if (actual !== null)
        mismatch ??= new CodedError('model_hash_mismatch', { file: path, actual, expected: file.sha256 });
    }
    return { path: null, mismatch };
  }

  private places(entry: ModelEntry, file: ModelFile): string[] {
    const dirs = entry.bundled ? [this.options.bundledDir, this.options.cacheDir] : [this.options.cacheDir];
    return dirs.map((dir) => resolvePath(dir, entry.name, file.name));
  }

  private stateOf(entry: ModelEntry): ModelState {
    const { name, title, task, licence } = entry;
    const bytes = modelBytes(entry);
    const base = { name, title, task, licence, bytes, cost: entry.cost, ...this.origin(entry) };
    const running = this.fetches.get(name);
    if (running) return { ...base, state: 'fetching', fetchedBytes: running.fetchedBytes, problem: null };
    const failure = this.failures.get(name);
    if (failure) {
      return { ...base, state: 'failed', fetchedBytes: 0, problem: { code: failure.code, message: failure.message } };
    }
    const here = entry.files.filter((file) => this.places(entry, file).some((path) => fileSize(path) === file.bytes));
    const fetchedBytes = here.reduce((sum, file) => sum + file.bytes, 0);
    if (here.length === entry.files.length) return { ...base, state: 'ready', fetchedBytes, problem: null };
    const missing = new CodedError('model_missing', { model: name });
    return { ...base, state: 'missing', fetchedBytes, problem: { code: missing.code, message: missing.message } };
  }

  /** Where the weights come from: a place that the server knows, or the hands of the operator. */
  private origin(entry: ModelEntry): Pick<ModelState, 'fetchable' | 'ownFiles'> {
    const { mirror, cacheDir } = this.options;
    const fetchable = mirror !== null || entry.files.every((file) => file.sources.length > 0);
    if (entry.obtain === null) return { fetchable, ownFiles: null };
    const files = entry.files.map(({ name, sha256, bytes }) => ({
      path: resolvePath(cacheDir, entry.name, name),
      sha256,
      bytes,
    }));
    return { fetchable, ownFiles: { how: entry.obtain, files } };
  }

  private announce(entry: ModelEntry): void {
    if (this.watchers.size === 0) return;
    const state = this.stateOf(entry);
    for (const watcher of this.watchers) watcher(state);
  }
}

function fileSize(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let undo = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    undo = () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    undo();
  }
}
