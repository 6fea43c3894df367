import { type Chroma, CodedError } from '@media-analyzer/protocol';
import { BitReader, checkedSize, plausibleFrameRate } from './bit-reader.js';
import type { VideoFormat } from './h264.js';

const OBU_SEQUENCE_HEADER = 1;

/** Reads an AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3) and the sequence header that it carries. */
export function readAv1Configuration(record: Uint8Array): VideoFormat {
  const invalid = (problem: string): CodedError =>
    new CodedError('codec_configuration_invalid', { codec: 'av1', problem });
  if (record.length < 4) throw invalid(`it has ${record.length} bytes, at least 4 are needed`);
  if (record[0] !== 0x81) throw invalid(`marker and version are 0x${record[0]!.toString(16)}, must be 0x81`);
  const header = findObu(record.subarray(4), OBU_SEQUENCE_HEADER);
  if (!header) throw invalid('it has no sequence header');
  const profile = record[1]! >> 5;
  const level = record[1]! & 0x1f;
  const flags = record[2]!;
  const tier = (flags & 0x80) === 0 ? 'M' : 'H';
  // high_bitdepth and twelve_bit (AV1 5.5.2)
  const depth = (flags & 0x40) === 0 ? 8 : profile === 2 && (flags & 0x20) !== 0 ? 12 : 10;
  const two = (value: number): string => String(value).padStart(2, '0');
  const { width, height, chroma, bitDepth, frameRate, pixelAspect } = readAv1Sequence(header);
  const codecString = `av01.${profile}.${two(level)}${tier}.${two(depth)}`;
  return { codecString, width, height, chroma, bitDepth, frameRate, pixelAspect };
}

/** Payload of the first OBU of a type, or null. OBUs without a size field reach to the end (AV1 5.3.1). */
export function findObu(bytes: Uint8Array, wanted: number): Uint8Array | null {
  let at = 0;
  while (at < bytes.length) {
    const header = bytes[at]!;
    const type = (header >> 3) & 0xf;
    at += (header & 4) === 0 ? 1 : 2;
    let size = bytes.length - at;
    if ((header & 2) !== 0) {
      const field = leb128(bytes, at);
      at = field.next;
      size = field.value;
    }
    if (size < 0 || at + size > bytes.length) {
      throw new CodedError('bitstream_invalid', {
        what: 'AV1 OBU',
        problem: `it ends at byte ${at + size} of ${bytes.length}`,
      });
    }
    if (type === wanted) return bytes.subarray(at, at + size);
    at += size;
  }
  return null;
}

/** A number in leb128 (AV1 4.10.5) and where it ends. @throws CodedError `bitstream_invalid` */
export function leb128(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return { value, next: from + i + 1 };
  }
  throw new CodedError('bitstream_invalid', { what: 'AV1 OBU', problem: 'its size field does not end' });
}

/** What an AV1 sequence header says, beside what decoders need. */
export interface Av1Sequence extends Omit<VideoFormat, 'codecString'> {
  readonly profile: number;
  readonly level: number;
  readonly highTier: boolean;
  /** Every frame is a key frame, and its header does not say so. */
  readonly reduced: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  readonly chromaSamplePosition: number;
}

/** Reads the payload of a sequence header OBU (AV1 5.5.1). @throws CodedError `bitstream_invalid` */
export function readAv1Sequence(bytes: Uint8Array): Av1Sequence {
  const reader = new BitReader(bytes, 'AV1 sequence header');
  const profile = reader.bits(3);
  reader.skip(1); // still_picture
  let frameRate: number | null = null;
  let level = 0;
  let highTier = false;
  const reduced = reader.flag();
  if (reduced) {
    level = reader.bits(5);
  } else {
    let decoderModel = false;
    let delayBits = 0;
    if (reader.flag()) {
      const unitsInTick = reader.bits(32);
      const timeScale = reader.bits(32);
      if (reader.flag()) frameRate = plausibleFrameRate(timeScale, unitsInTick * (uvlc(reader) + 1));
      decoderModel = reader.flag();
      if (decoderModel) {
        delayBits = reader.bits(5) + 1;
        reader.skip(32 + 5 + 5);
      }
    }
    const displayDelay = reader.flag();
    const operatingPoints = reader.bits(5) + 1;
    for (let i = 0; i < operatingPoints; i += 1) {
      reader.skip(12); // operating_point_idc
      const ownLevel = reader.bits(5);
      const ownTier = ownLevel > 7 && reader.flag();
      if (i === 0) [level, highTier] = [ownLevel, ownTier];
      if (decoderModel && reader.flag()) reader.skip(2 * delayBits + 1);
      if (displayDelay && reader.flag()) reader.skip(4);
    }
  }
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const size = checkedSize(reader, reader.bits(widthBits) + 1, reader.bits(heightBits) + 1);
  skipTools(reader, reduced);
  return { profile, level, highTier, reduced, ...size, ...readColour(reader, profile), frameRate, pixelAspect: null };
}

/** The switches between frame size and colour (AV1 5.5.1). */
function skipTools(reader: BitReader, reduced: boolean): void {
  if (!reduced && reader.flag()) reader.skip(4 + 3); // frame id lengths
  reader.skip(3); // superblock size, filter intra, intra edge filter
  if (!reduced) {
    reader.skip(4); // compounds, warped motion, dual filter
    const orderHint = reader.flag();
    if (orderHint) reader.skip(2);
    const screenContent = reader.flag() || reader.flag();
    if (screenContent && !reader.flag()) reader.skip(1); // seq_force_integer_mv
    if (orderHint) reader.skip(3);
  }
  reader.skip(3); // superres, cdef, restoration
}

/** color_config() (AV1 5.5.2). */
function readColour(
  reader: BitReader,
  profile: number,
): Pick<Av1Sequence, 'bitDepth' | 'chroma' | 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition'> {
  const high = reader.flag();
  const bitDepth = !high ? 8 : profile === 2 && reader.flag() ? 12 : 10;
  const mono = profile !== 1 && reader.flag();
  const [primaries, transfer, matrix] = reader.flag() ? [reader.bits(8), reader.bits(8), reader.bits(8)] : [2, 2, 2]; // unspecified
  if (mono) {
    reader.skip(1); // color_range
    return { bitDepth, chroma: '4:0:0', subsamplingX: true, subsamplingY: true, chromaSamplePosition: 0 };
  }
  let subsamplingX = profile === 0;
  let subsamplingY = profile === 0;
  if (!(primaries === 1 && transfer === 13 && matrix === 0)) {
    reader.skip(1); // color_range
    if (profile === 2) {
      subsamplingX = bitDepth !== 12 || reader.flag();
      subsamplingY = bitDepth === 12 && subsamplingX && reader.flag();
    }
  }
  const chromaSamplePosition = subsamplingX && subsamplingY ? reader.bits(2) : 0;
  const chroma: Chroma = !subsamplingX ? '4:4:4' : subsamplingY ? '4:2:0' : '4:2:2';
  return { bitDepth, chroma, subsamplingX, subsamplingY, chromaSamplePosition };
}

/** uvlc() (AV1 4.10.3). */
function uvlc(reader: BitReader): number {
  let zeros = 0;
  while (!reader.flag()) {
    zeros += 1;
    if (zeros >= 32) throw reader.error('a uvlc code has 32 leading zeros');
  }
  return reader.bits(zeros) + 2 ** zeros - 1;
}
