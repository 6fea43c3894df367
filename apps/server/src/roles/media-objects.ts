import type { Readable } from 'node:stream';
import { mediaKey, mediaPrefix, type ObjectStore, pictureName, sessionPrefix } from '../storage/index.js';
import type { MediaObjects } from '../streams/index.js';

/** A thumbnail is stored this often, ms; in between it lives in memory. It is there so that a restart shows a picture. */
const STORE_EVERY_MS = 60_000;
const THUMBNAILS = 'thumbnails/';
const thumbnailKey = (streamId: string): string => `${THUMBNAILS}${streamId}.jpg`;

/** The media of sessions and the pictures of streams in the object store. */
export async function openMediaObjects(store: ObjectStore): Promise<MediaObjects> {
  const thumbnails = new Map<string, { bytes: Uint8Array; at: number; storedAt: number }>();
  /** When each stream's picture was taken, Unix ms. Nobody is sent to look for one that there is not. */
  const times = new Map<string, number>();
  for await (const { key, modifiedAt } of store.list(THUMBNAILS)) {
    times.set(key.slice(THUMBNAILS.length, -'.jpg'.length), Math.round(modifiedAt));
  }
  return {
    async put(streamId, sessionId, name, bytes) {
      await store.put(mediaKey(streamId, sessionId, name), bytes);
    },
    async size(streamId, sessionId, name) {
      return (await store.stat(mediaKey(streamId, sessionId, name)))?.size ?? null;
    },
    async open(streamId, sessionId, name, range): Promise<Readable | null> {
      return (await store.open(mediaKey(streamId, sessionId, name), range))?.stream ?? null;
    },
    async putPicture(streamId, sessionId, ptsMs, bytes) {
      await store.put(mediaKey(streamId, sessionId, pictureName(ptsMs)), bytes);
    },
    async removeSession(streamId, sessionId) {
      await store.deletePrefix(sessionPrefix(streamId, sessionId));
    },
    async removeStream(streamId) {
      thumbnails.delete(streamId);
      times.delete(streamId);
      await store.delete(thumbnailKey(streamId));
      await store.deletePrefix(mediaPrefix(streamId));
    },
    async putThumbnail(streamId, bytes) {
      const at = Date.now();
      const storedAt = thumbnails.get(streamId)?.storedAt ?? 0;
      const due = at - storedAt >= STORE_EVERY_MS;
      thumbnails.set(streamId, { bytes, at, storedAt: due ? at : storedAt });
      times.set(streamId, at);
      if (due) await store.put(thumbnailKey(streamId), bytes);
    },
    thumbnailAt: (streamId) => times.get(streamId) ?? null,
    async thumbnail(streamId) {
      const held = thumbnails.get(streamId);
      if (held) return held;
      const stat = await store.stat(thumbnailKey(streamId));
      const bytes = stat && (await store.get(stat.key));
      return bytes ? { bytes, at: Math.round(stat.modifiedAt) } : null;
    },
  };
}
