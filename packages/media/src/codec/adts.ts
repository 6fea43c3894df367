/** ADTS, the framing of AAC in MPEG-TS and raw files (ISO/IEC 14496-3 1.A.2.2), to what coded samples carry. */
export interface AdtsFrame {
  /** AudioSpecificConfig that says what the header says. */
  readonly configuration: Uint8Array;
  /** The raw access unit, a view. */
  readonly data: Uint8Array;
}

/** @returns null when the bytes do not begin with a whole ADTS frame of one access unit */
export function readAdts(bytes: Uint8Array): AdtsFrame | null {
  if (bytes.length < 7 || bytes[0] !== 0xff || (bytes[1]! & 0xf6) !== 0xf0) return null;
  const headerBytes = bytes[1]! & 1 ? 7 : 9;
  const frameBytes = ((bytes[3]! & 3) << 11) | (bytes[4]! << 3) | (bytes[5]! >> 5);
  if (frameBytes <= headerBytes || frameBytes > bytes.length || (bytes[6]! & 3) !== 0) return null;
  const objectType = (bytes[2]! >> 6) + 1;
  const frequency = (bytes[2]! >> 2) & 0xf;
  const channels = ((bytes[2]! & 1) << 2) | (bytes[3]! >> 6);
  return {
    configuration: Uint8Array.of((objectType << 3) | (frequency >> 1), ((frequency & 1) << 7) | (channels << 3)),
    data: bytes.subarray(headerBytes, frameBytes),
  };
}
