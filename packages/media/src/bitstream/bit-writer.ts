/** Writes big-endian bit fields, as codec headers have them. */
export class BitWriter {
  #bytes: Uint8Array;
  #position = 0;

  /** @param capacity bytes to begin with; it grows */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Unsigned number of `count` bits, 0..32. */
  bits(value: number, count: number): void {
    for (let left = count; left > 0; ) {
      this.#reserve(1);
      const free = 8 - (this.#position & 7);
      const take = Math.min(free, left);
      // Division, not a shift: 32-bit fields would turn negative.
      const part = Math.floor(value / 2 ** (left - take)) % 2 ** take;
      this.#bytes[this.#position >> 3]! |= part << (free - take);
      this.#position += take;
      left -= take;
    }
  }

  /** Exp-Golomb code ue(v) (ITU-T H.264 9.1). */
  ue(value: number): void {
    const length = Math.floor(Math.log2(value + 1));
    this.bits(0, length);
    this.bits(value + 1, length + 1);
  }

  /** Fills up to the next byte boundary. */
  align(bit: 0 | 1): void {
    const left = (8 - (this.#position & 7)) & 7;
    this.bits(bit === 1 ? 2 ** left - 1 : 0, left);
  }

  /** Copies the bits `from` to `to` of other bytes. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if ((at & 7) === 0 && (this.#position & 7) === 0 && to - at >= 8) {
        const whole = bytes.subarray(at >> 3, to >> 3);
        this.#reserve(whole.length);
        this.#bytes.set(whole, this.#position >> 3);
        this.#position += whole.length * 8;
        at += whole.length * 8;
        continue;
      }
      const take = Math.min(8 - (at & 7), to - at);
      this.bits((bytes[at >> 3]! >> (8 - (at & 7) - take)) & ((1 << take) - 1), take);
      at += take;
    }
  }

  /** What was written; a view. The last byte is filled up with zeros. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, (this.#position + 7) >> 3);
  }

  #reserve(bytes: number): void {
    const needed = (this.#position >> 3) + bytes + 1;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Puts emulation prevention bytes into a NAL unit (H.264 7.4.1, HEVC 7.4.2): what `unescapeNal` takes out. */
export function escapeNal(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length + (nal.length >> 1) + 1);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte <= 3) {
      out[length++] = 3;
      zeros = 0;
    }
    out[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  // A unit never ends with a zero byte.
  if (zeros > 0 && length > 0) out[length++] = 3;
  return out.slice(0, length);
}
