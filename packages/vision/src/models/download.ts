import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, describeError, type ModelFile } from '@media-analyzer/protocol';
import { sha256File } from './hash.js';
import { type ModelSource, SourceError } from './source.js';

/** How patient a download is. */
export interface DownloadPolicy {
  /** Tries of one source before the next one is asked. A try that brought new bytes does not count. */
  readonly attempts: number;
  /** Wait before the second try, ms; doubles with each further one, at most 30 s, and a random part is added. */
  readonly backoffMs: number;
  /** A source that sends nothing for this long is given up, ms. */
  readonly stallMs: number;
}

/** Patience for a file of some megabytes over a home connection. */
export const DEFAULT_POLICY: DownloadPolicy = { attempts: 4, backoffMs: 500, stallMs: 30_000 };

export interface DownloadOptions {
  readonly file: ModelFile;
  readonly sources: readonly ModelSource[];
  /** Final place; the partial file lies beside it as `<target>.part`. */
  readonly target: string;
  readonly policy: DownloadPolicy;
  readonly signal: AbortSignal;
  readonly onBytes: (fetchedBytes: number, source: string) => void;
  readonly onRetry: (source: string, problem: string) => void;
}

/**
 * Brings one file from the first source that has it to `target`: continues a partial download, verifies size and SHA-256, and
 * renames atomically, so that `target` is never a broken file.
 *
 * @throws CodedError `model_hash_mismatch` when a source served another file and no other source helped,
 * `model_download_failed` when no source could be read, `model_disk_full` when there is no room. The signal's reason when aborted.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { file, sources, target, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  const problems: string[] = [];
  let mismatch: CodedError | null = null;
  for (const source of sources) {
    try {
      await fromSource(source, options);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CodedError && error.code === 'model_disk_full') throw error;
      if (error instanceof CodedError && error.code === 'model_hash_mismatch') mismatch = error;
      problems.push(`${source.label}: ${describeError(error)}`);
    }
  }
  if (mismatch) throw mismatch;
  throw new CodedError('model_download_failed', {
    file: file.name,
    problem: problems.join('; ') || 'no public address is known; set MODELS_MIRROR to a folder or base URL that has it',
  });
}

async function fromSource(source: ModelSource, options: DownloadOptions): Promise<void> {
  const { policy, signal } = options;
  let failures = 0;
  let refusals = 0;
  for (;;) {
    const before = await partBytes(options.target);
    try {
      await attempt(source, options);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CodedError) {
        // What an earlier try left behind may have been the broken piece: once from the start decides.
        if (error.code === 'model_hash_mismatch' && before > 0 && refusals++ === 0) continue;
        throw error;
      }
      if (error instanceof SourceError && !error.retryable) throw error;
      failures = (await partBytes(options.target)) > before ? 1 : failures + 1;
      if (failures >= policy.attempts) throw error;
      options.onRetry(source.label, describeError(error));
      const wait = Math.min(policy.backoffMs * 2 ** (failures - 1), 30_000);
      await sleep(wait * (1 + Math.random() * 0.25), undefined, { signal });
    }
  }
}

async function attempt(source: ModelSource, options: DownloadOptions): Promise<void> {
  const { file, target, policy, onBytes } = options;
  const part = `${target}.part`;
  let have = await partBytes(target);
  if (have > file.bytes) {
    await discard(target);
    have = 0;
  }
  if (have < file.bytes) {
    const stalled = new AbortController();
    const signal = AbortSignal.any([options.signal, stalled.signal]);
    let timer: NodeJS.Timeout | undefined;
    const touch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => stalled.abort(new SourceError(`nothing came for ${policy.stallMs} ms`, true)),
        policy.stallMs,
      );
    };
    touch();
    try {
      const remembered = await readValidator(target);
      const body = await source.open({
        offset: have,
        validator: remembered?.source === source.label ? remembered.validator : null,
        signal,
      });
      if (body.totalBytes !== null && body.totalBytes !== file.bytes) {
        throw new SourceError(`it has ${body.totalBytes} bytes, the manifest says ${file.bytes}`, false);
      }
      await checkRoom(target, file, file.bytes - body.start);
      if (body.validator !== null)
        await writeFile(`${part}.json`, JSON.stringify({ source: source.label, validator: body.validator }));
      have = body.start;
      onBytes(have, source.label);
      const handle = await open(part, have > 0 ? 'a' : 'w');
      try {
        for await (const chunk of body.chunks) {
          touch();
          have += chunk.length;
          if (have > file.bytes)
            throw new SourceError(`it sends more than the ${file.bytes} bytes of the manifest`, false);
          await handle.writeFile(chunk);
          onBytes(have, source.label);
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isDiskFull(error)) throw diskFull(target, file, error);
      if (stalled.signal.aborted && !options.signal.aborted) throw stalled.signal.reason;
      throw error;
    } finally {
      clearTimeout(timer);
      // Frees the connection when the body was not read to its end.
      stalled.abort();
    }
  }
  if (have < file.bytes) throw new SourceError(`it ended after ${have} of ${file.bytes} bytes`, true);
  const actual = await sha256File(part);
  if (actual !== file.sha256) {
    await discard(target);
    throw new CodedError('model_hash_mismatch', { file: `${source.label}`, actual, expected: file.sha256 });
  }
  await rename(part, target);
  await rm(`${part}.json`, { force: true });
}

async function partBytes(target: string): Promise<number> {
  const info = await stat(`${target}.part`).catch(() => null);
  return info?.size ?? 0;
}

async function discard(target: string): Promise<void> {
  await rm(`${target}.part`, { force: true });
  await rm(`${target}.part.json`, { force: true });
}

/** What the partial file was made of, or null when that is not known. */
async function readValidator(target: string): Promise<{ source: string; validator: string } | null> {
  try {
    const value: unknown = JSON.parse(await readFile(`${target}.part.json`, 'utf8'));
    if (typeof value !== 'object' || value === null || !('source' in value) || !('validator' in value)) return null;
    const { source, validator } = value;
    return typeof source === 'string' && typeof validator === 'string' ? { source, validator } : null;
  } catch {
    return null;
  }
}

async function checkRoom(target: string, file: ModelFile, bytes: number): Promise<void> {
  const disk = await statfs(dirname(target)).catch(() => null);
  if (disk && disk.bavail * disk.bsize < bytes) throw diskFull(target, file);
}

function diskFull(target: string, file: ModelFile, cause?: unknown): CodedError {
  return new CodedError('model_disk_full', { path: dirname(target), file: file.name, bytes: file.bytes }, { cause });
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
