import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelFile } from '@media-analyzer/protocol';

/** What a source gives for a request from `offset` on. */
export interface SourceBody {
  /** Where the bytes really start: `offset`, or 0 when the source could not continue there. */
  readonly start: number;
  /** Size of the whole file as the source states it, bytes, or null when it does not. */
  readonly totalBytes: number | null;
  /** Identifies the version of the file at the source (`ETag` or `Last-Modified`), for `If-Range`. */
  readonly validator: string | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** One place where a model file may be. */
export interface ModelSource {
  /** For logs and errors: a folder or an address without its query. */
  readonly label: string;
  open(request: {
    readonly offset: number;
    readonly validator: string | null;
    readonly signal: AbortSignal;
  }): Promise<SourceBody>;
}

/** A source's answer that says whether asking again makes sense. */
export class SourceError extends Error {
  constructor(
    message: string,
    readonly retryable: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The sources of a file in the order in which they are tried: the mirror, then the public addresses of the manifest. */
export function sourcesOf(model: string, file: ModelFile, mirror: string | null): ModelSource[] {
  const sources: ModelSource[] = [];
  if (mirror !== null) {
    if (/^https?:\/\//.test(mirror)) {
      const path = [model, ...file.name.split('/')].map(encodeURIComponent).join('/');
      sources.push(urlSource(`${mirror.replace(/\/+$/, '')}/${path}`));
    } else {
      const folder = mirror.startsWith('file:') ? fileURLToPath(mirror) : mirror;
      sources.push(fileSource(join(folder, model, file.name)));
    }
  }
  for (const url of file.sources) sources.push(urlSource(url));
  return sources;
}

function fileSource(path: string): ModelSource {
  return {
    label: path,
    async open({ signal }) {
      const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
        throw new SourceError(error.code === 'ENOENT' ? 'no such file' : error.message, false, { cause: error });
      });
      // A local copy takes a moment: it starts over instead of trusting what an earlier try left behind.
      return { start: 0, totalBytes: info.size, validator: null, chunks: createReadStream(path, { signal }) };
    },
  };
}

function urlSource(url: string): ModelSource {
  return {
    label: withoutSecrets(url),
    async open({ offset, validator, signal }) {
      const headers: Record<string, string> = { 'accept-encoding': 'identity' };
      if (offset > 0) {
        headers.range = `bytes=${offset}-`;
        if (validator !== null) headers['if-range'] = validator;
      }
      const response = await fetch(url, { headers, signal, redirect: 'follow' }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new SourceError(causeText(error), true, { cause: error });
      });
      if (response.status === 416 && offset > 0) {
        await response.body?.cancel();
        return this.open({ offset: 0, validator: null, signal });
      }
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        const retryable = response.status >= 500 || response.status === 408 || response.status === 429;
        throw new SourceError(`HTTP status ${response.status}`, retryable);
      }
      const range = response.status === 206 ? parseContentRange(response.headers.get('content-range')) : null;
      if (response.status === 206 && range?.start !== offset) {
        await response.body.cancel();
        throw new SourceError(`it answered range ${offset}- with "${response.headers.get('content-range')}"`, false);
      }
      const length = Number(response.headers.get('content-length') ?? Number.NaN);
      return {
        start: range?.start ?? 0,
        totalBytes: range ? range.total : Number.isSafeInteger(length) ? length : null,
        // A weak ETag may not be used in If-Range (RFC 9110 section 13.1.5).
        validator: strong(response.headers.get('etag')) ?? response.headers.get('last-modified'),
        chunks: response.body,
      };
    },
  };
}

/** `bytes 100-199/200` (RFC 9110 section 14.4). */
function parseContentRange(header: string | null): { start: number; total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '');
  return match ? { start: Number(match[1]), total: match[2] === '*' ? null : Number(match[2]) } : null;
}

function strong(etag: string | null): string | null {
  return etag !== null && !etag.startsWith('W/') ? etag : null;
}

function withoutSecrets(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

/** `fetch` hides the reason ("fetch failed") in the cause. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
