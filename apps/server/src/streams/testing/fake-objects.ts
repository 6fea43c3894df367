import { Readable } from 'node:stream';
import type { MediaObjects } from '../ports.js';

/** Objects in memory; the disk can be full. */
export class FakeObjects implements MediaObjects {
  readonly stored = new Map<string, Uint8Array>();
  readonly thumbnails = new Map<string, Uint8Array>();
  failure: Error | null = null;

  async put(...[streamId, sessionId, name, bytes]: Parameters<MediaObjects['put']>): Promise<void> {
    if (this.failure) throw this.failure;
    // As a disk does: whoever hands them over may use their memory again.
    this.stored.set(`${streamId}/${sessionId}/${name}`, bytes.slice());
  }

  async size(...key: Parameters<MediaObjects['size']>): Promise<number | null> {
    return this.stored.get(key.join('/'))?.length ?? null;
  }

  async open(...[streamId, sessionId, name]: Parameters<MediaObjects['open']>): Promise<Readable | null> {
    const bytes = this.stored.get(`${streamId}/${sessionId}/${name}`);
    return bytes ? Readable.from([bytes]) : null;
  }

  async putPicture(...[streamId, sessionId, ptsMs, bytes]: Parameters<MediaObjects['putPicture']>): Promise<void> {
    await this.put(streamId, sessionId, `pic-${ptsMs}.jpg`, bytes);
  }

  async removeSession(streamId: string, sessionId: string): Promise<void> {
    for (const key of this.stored.keys()) if (key.startsWith(`${streamId}/${sessionId}/`)) this.stored.delete(key);
  }

  async removeStream(streamId: string): Promise<void> {
    for (const key of this.stored.keys()) if (key.startsWith(`${streamId}/`)) this.stored.delete(key);
  }

  async putThumbnail(streamId: string, jpeg: Uint8Array): Promise<void> {
    this.thumbnails.set(streamId, jpeg);
  }

  thumbnailAt(streamId: string): number | null {
    return this.thumbnails.has(streamId) ? 1000 : null;
  }

  async thumbnail(streamId: string): Promise<{ bytes: Uint8Array; at: number } | null> {
    const bytes = this.thumbnails.get(streamId);
    return bytes ? { bytes, at: 1 } : null;
  }
}
