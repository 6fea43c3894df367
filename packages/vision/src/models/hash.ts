import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** SHA-256 of a file as lower-case hex, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Remembers hashes by path, size and modification time, so that a status page does not read gigabytes again and again. */
export class HashCache {
  private readonly known = new Map<string, { readonly stamp: string; readonly sha256: string }>();

  /** @returns the file's SHA-256, or null when there is no such file. */
  async sha256(path: string): Promise<string | null> {
    const info = await stat(path).catch(() => null);
    if (!info?.isFile()) return null;
    const stamp = `${info.size}:${info.mtimeMs}:${info.ino}`;
    const hit = this.known.get(path);
    if (hit?.stamp === stamp) return hit.sha256;
    const sha256 = await sha256File(path);
    this.known.set(path, { stamp, sha256 });
    return sha256;
  }
}
