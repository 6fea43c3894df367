/**
 * ADTS, the framing of AAC in MPEG-TS and raw files (ISO/IEC 14496-3 1.A.2.2), to what coded samples carry. Some encoders publish
 * it over RTMP too, where only raw access units belong.
 */
export interface AdtsFrame {
  /** AudioSpecificConfig that says what the header says. */
  readonly configuration: Uint8Array;
  /** The raw access unit, a view. */
  readonly data: Uint8Array;
}

interface AdtsHeader {
  readonly configuration: Uint8Array;
  readonly headerBytes: number;
  /** Header and access unit. */
  readonly frameBytes: number;
}

/** Bytes of a header without a checksum. */
const SHORT_HEADER_BYTES = 7;

/** @returns null when the bytes do not begin with the header of a frame of one access unit */
export function readAdtsHeader(bytes: Uint8Array): AdtsHeader | null {
  if (bytes.length < SHORT_HEADER_BYTES || bytes[0] !== 0xff || (bytes[1]! & 0xf6) !== 0xf0) return null;
  if ((bytes[6]! & 3) !== 0) return null;
  const objectType = (bytes[2]! >> 6) + 1;
  const frequency = (bytes[2]! >> 2) & 0xf;
  const channels = ((bytes[2]! & 1) << 2) | (bytes[3]! >> 6);
  return {
    configuration: Uint8Array.of((objectType << 3) | (frequency >> 1), ((frequency & 1) << 7) | (channels << 3)),
    headerBytes: bytes[1]! & 1 ? SHORT_HEADER_BYTES : SHORT_HEADER_BYTES + 2,
    frameBytes: ((bytes[3]! & 3) << 11) | (bytes[4]! << 3) | (bytes[5]! >> 5),
  };
}

/** @returns null when the bytes do not begin with a whole ADTS frame of one access unit */
export function readAdts(bytes: Uint8Array): AdtsFrame | null {
  const header = readAdtsHeader(bytes);
  if (!header) return null;
  const { configuration, headerBytes, frameBytes } = header;
  if (frameBytes <= headerBytes || frameBytes > bytes.length) return null;
  return { configuration, data: bytes.subarray(headerBytes, frameBytes) };
}

/**
 * The frames of a message that consists of nothing else. A raw access unit is never taken for one: it would begin with its end
 * element.
 *
 * @returns null when the bytes are anything else
 */
export function splitAdts(bytes: Uint8Array): AdtsFrame[] | null {
  const frames: AdtsFrame[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const frame = readAdts(rest);
    if (!frame) return null;
    frames.push(frame);
    rest = rest.subarray(frame.data.byteOffset - rest.byteOffset + frame.data.length);
  }
  return frames.length > 0 ? frames : null;
}
