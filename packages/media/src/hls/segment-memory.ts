import { Buffer } from 'node:buffer';

/** A new block is larger than the segment before by this: bit rates vary, and memory that is never written to costs nothing. */
const ROOM = 1.5;
/** A block that is so many times larger than what is expected is of a time with another bit rate. */
const TOO_LARGE = 4;
/** Free blocks that are kept. One segment leaves the memory for each that begins. */
const MAX_FREE = 2;

/**
 * Blocks of memory for segments, used again. V8 counts the memory of buffers and marks its whole heap each time 64 MiB more
 * are there: with twenty streams, a segment each two seconds, that was a seventh of all that the server did.
 */
export class SegmentBlocks {
  readonly #free: Buffer[] = [];

  /** @param expectedBytes of the segment; 0 when nobody knows: it gets no block */
  take(expectedBytes: number): Buffer {
    const fits = this.#free.findIndex((block) => block.length >= expectedBytes);
    const free = fits < 0 ? undefined : this.#free.splice(fits, 1)[0];
    if (free && free.length <= TOO_LARGE * ROOM * expectedBytes) return free;
    return Buffer.allocUnsafeSlow(Math.ceil(expectedBytes * ROOM));
  }

  /** @param block that nobody reads any more, whatever has been made of it: what is written to it next is another segment */
  give(block: Buffer): void {
    if (block.length > 0) this.#free.push(block);
    // The oldest may have become too small.
    if (this.#free.length > MAX_FREE) this.#free.shift();
  }
}

/** A block that the parts of one segment are written to one behind the other: when all fit, they need not be joined at its end. */
export class SegmentMemory {
  #used = 0;
  #left = false;

  constructor(readonly block: Buffer) {}

  /** The next `bytes` bytes, not filled. Once something does not fit any more, everything that follows has memory of its own. */
  take(bytes: number): Buffer {
    const end = this.#used + bytes;
    this.#left ||= end > this.block.length;
    if (this.#left) return Buffer.allocUnsafeSlow(bytes);
    const piece = this.block.subarray(this.#used, end);
    this.#used = end;
    return piece;
  }

  /** All that was taken, end to end; null when it is not in one place, or not `bytes` long. */
  whole(bytes: number): Buffer | null {
    return !this.#left && this.#used === bytes ? this.block.subarray(0, bytes) : null;
  }
}
