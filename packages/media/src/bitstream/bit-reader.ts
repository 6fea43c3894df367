import { CodedError } from '@media-analyzer/protocol';

/**
 * Reads big-endian bit fields, as codec headers have them. Reading past the end throws `bitstream_invalid`, which also
 * bounds every loop over a hostile bitstream: each turn has to consume bits that are really there.
 */
export class BitReader {
  #position = 0;
  private readonly end: number;

  /**
   * @param bytes The payload, without emulation prevention bytes.
   * @param what Name of the structure for errors, for example `H.264 SPS`.
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly what: string,
  ) {
    this.end = bytes.length * 8;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bits not read yet. */
  get remaining(): number {
    return this.end - this.#position;
  }

  /** An error about this structure, to be thrown by the caller. */
  error(problem: string): CodedError {
    return new CodedError('bitstream_invalid', { what: this.what, problem });
  }

  /** Unsigned number of `count` bits, 0..32. */
  bits(count: number): number {
    if (this.#position + count > this.end) {
      throw this.error(`bit ${this.#position + count} is needed, it ends at bit ${this.end}`);
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const offset = this.#position & 7;
      const take = Math.min(8 - offset, left);
      const byte = this.bytes[this.#position >> 3]!;
      // Multiplication, not a shift: 32-bit fields would turn negative.
      value = value * 2 ** take + ((byte >> (8 - offset - take)) & ((1 << take) - 1));
      this.#position += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (this.#position + count > this.end) {
      throw this.error(`bit ${this.#position + count} is needed, it ends at bit ${this.end}`);
    }
    this.#position += count;
  }

  /** Moves to the next byte boundary. */
  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  /** Exp-Golomb code ue(v) (ITU-T H.264 9.1), at most 2^32 - 2. */
  ue(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > 31) throw this.error('an Exp-Golomb code has more than 31 leading zeros');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb code se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  /** ue(v) that the standard bounds by `max`. */
  ueAtMost(max: number, name: string): number {
    const value = this.ue();
    if (value > max) throw this.error(`${name} is ${value}, at most ${max} is allowed`);
    return value;
  }
}

/** Removes the emulation prevention bytes of a NAL unit (H.264 7.3.1, HEVC 7.3.1.1): `00 00 03` stands for `00 00`. */
export function unescapeNal(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, length);
}

/** Two upper-case hexadecimal digits, as RFC 6381 codec strings use them. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** Largest picture side that is believed, pixels: twice that of 16K. Beyond it a header is broken, not large. */
const MAX_SIDE = 32_768;

/** Checks a picture size read from a header. */
export function checkedSize(reader: BitReader, width: number, height: number): { width: number; height: number } {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw reader.error(`the picture is ${width}x${height}; each side must be 1..${MAX_SIDE} pixels`);
  }
  return { width, height };
}

/**
 * Frames per second from `ticksPerSecond / ticksPerFrame`, or null when that is no frame rate: encoders with variable
 * frame rate write their clock (1000 or 90000 Hz) into these fields.
 */
export function plausibleFrameRate(ticksPerSecond: number, ticksPerFrame: number): number | null {
  if (ticksPerFrame === 0) return null;
  const rate = ticksPerSecond / ticksPerFrame;
  return rate >= 1 && rate <= 300 ? rate : null;
}

/** Shape of one pixel; `[1, 1]` is square. */
export type PixelAspect = readonly [horizontal: number, vertical: number];

/**
 * Size in square pixels: the side that the pixels are longer in grows, as in browsers (1280x360 with pixels twice as high as
 * wide is 1280x720), so that no detail is lost.
 */
export function displaySize(
  { width, height }: { readonly width: number; readonly height: number },
  aspect: PixelAspect | null,
): { width: number; height: number } {
  if (!aspect) return { width, height };
  const [horizontal, vertical] = aspect;
  return horizontal >= vertical
    ? { width: Math.min(Math.round((width * horizontal) / vertical), MAX_SIDE), height }
    : { width, height: Math.min(Math.round((height * vertical) / horizontal), MAX_SIDE) };
}

const ASPECT_RATIOS: readonly PixelAspect[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

/** `aspect_ratio_info` of an H.264 (E.1.1) or HEVC (E.2.1) VUI; null when unspecified. */
export function readAspectRatio(reader: BitReader): PixelAspect | null {
  if (!reader.flag()) return null;
  const idc = reader.bits(8);
  const ratio: PixelAspect | undefined = idc === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : ASPECT_RATIOS[idc];
  return ratio && ratio[0] > 0 && ratio[1] > 0 ? ratio : null;
}

/** The VUI fields between aspect ratio and chroma location, the same in H.264 and HEVC up to here. */
export function skipVideoSignal(reader: BitReader): void {
  if (reader.flag()) reader.skip(1); // overscan_appropriate_flag
  if (reader.flag()) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // colour primaries, transfer, matrix
  }
  if (reader.flag()) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue(); // chroma_sample_loc_type_bottom_field
  }
}
