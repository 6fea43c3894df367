import { CodedError } from '@media-analyzer/protocol';
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
  return { codecString: `av01.${profile}.${two(level)}${tier}.${two(depth)}`, ...readSequenceHeader(header) };
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

function leb128(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return { value, next: from + i + 1 };
  }
  throw new CodedError('bitstream_invalid', { what: 'AV1 OBU', problem: 'its size field does not end' });
}

/** AV1 5.5.1, up to the frame size: the rest is not needed. */
function readSequenceHeader(bytes: Uint8Array): Omit<VideoFormat, 'codecString'> {
  const reader = new BitReader(bytes, 'AV1 sequence header');
  reader.skip(3 + 1); // seq_profile, still_picture
  let frameRate: number | null = null;
  if (reader.flag()) {
    reader.skip(5); // reduced_still_picture_header: only seq_level_idx
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
      if (reader.bits(5) > 7) reader.skip(1); // seq_tier
      if (decoderModel && reader.flag()) reader.skip(2 * delayBits + 1);
      if (displayDelay && reader.flag()) reader.skip(4);
    }
  }
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const size = checkedSize(reader, reader.bits(widthBits) + 1, reader.bits(heightBits) + 1);
  return { ...size, frameRate, pixelAspect: null };
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
