/** HTTP semantics that playback needs, as plain functions: entity tags, byte ranges, content coding (RFC 9110). */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CodedError } from '@media-analyzer/protocol';
import type { ByteRange } from './services.js';

/** Gzip in the thread pool, so that the event loop goes on. */
export const gzipText: (text: string | Buffer) => Promise<Buffer> = promisify(gzip);

/** Bodies below this are sent as they are, bytes: they fit into one packet anyway. */
export const MIN_GZIP_BYTES = 860;
/** Gzipped playlists kept for the other viewers of the same moment. */
const GZIP_MEMO = 64;

/** Whether `If-None-Match` names the tag, by weak comparison (RFC 9110, section 13.1.2). */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return [...header.matchAll(/(?:W\/)?("[^"]*")/g)].some((match) => match[1] === opaque);
}

/**
 * The byte range asked for, or null for the whole file. Several ranges, other units and malformed ones are ignored, as
 * RFC 9110 section 14.2 allows.
 * @throws range_not_satisfiable when the one range lies outside of the file
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replace(/\s/g, '') ?? '');
  if (match === null) return null;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '' && last === '') return null;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new CodedError('range_not_satisfiable', { range: header?.slice(0, 100) ?? '', sizeBytes: size });
  }
  return { start, end };
}

/** Whether `Accept-Encoding` admits gzip: named (or covered by `*`) with a weight above zero. */
export function acceptsGzip(header: string | undefined): boolean {
  let any = false;
  for (const entry of header?.toLowerCase().split(',') ?? []) {
    const [coding, ...parameters] = entry.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const wanted = weight === undefined || Number(weight.slice(2)) > 0;
    if (coding === 'gzip' || coding === 'x-gzip') return wanted;
    if (coding === '*') any = wanted;
  }
  return any;
}

/** Compresses each playlist once, however many viewers ask for it at the same moment. Bounded, oldest out first. */
export class PlaylistGzip {
  readonly #memo = new Map<string, Promise<Buffer>>();

  /**
   * @param key names the body: the same key means the same body
   * @returns null when the body is too small to gain
   */
  compress(key: string, body: string): Promise<Buffer> | null {
    if (body.length < MIN_GZIP_BYTES) return null;
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const compressed = gzipText(body);
    this.#memo.set(key, compressed);
    if (this.#memo.size > GZIP_MEMO) this.#memo.delete(this.#memo.keys().next().value as string);
    return compressed;
  }
}
