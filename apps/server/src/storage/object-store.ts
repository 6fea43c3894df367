import type { Readable } from 'node:stream';

export interface ObjectStat {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Strong validator in quotes, as HTTP has it: it changes when the bytes do. */
  readonly etag: string;
  /** Unix ms. */
  readonly modifiedAt: number;
}

/** First and last byte, both inclusive and within the object, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a store keeps: whole objects under keys (`object-keys.ts`), each put at once and never changed in part. */
export interface ObjectStore {
  /**
   * Stores an object. Readers see the old one or the new one whole, also after a crash.
   * @throws CodedError `storage_full`, `storage_failed`, `object_key_invalid`
   */
  put(key: string, data: Uint8Array | readonly Uint8Array[]): Promise<ObjectStat>;
  /** The whole object, or null when there is none. @throws CodedError `storage_failed`, `object_key_invalid` */
  get(key: string): Promise<Uint8Array | null>;
  /** The object, or a range of it, as a stream that the caller reads or destroys. Null when there is none. */
  open(key: string, range?: ByteRange): Promise<{ readonly stat: ObjectStat; readonly stream: Readable } | null>;
  stat(key: string): Promise<ObjectStat | null>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Deletes everything below `prefix` (it ends with `/`). */
  deletePrefix(prefix: string): Promise<void>;
  /** Everything below `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<ObjectStat>;
  /** Room that is left for objects, bytes; null when the store has no such bound. */
  freeBytes(): Promise<number | null>;
}
