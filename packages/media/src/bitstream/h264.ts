import { type Chroma, CodedError } from '@media-analyzer/protocol';
import {
  BitReader,
  checkedSize,
  hexByte,
  type PixelAspect,
  plausibleFrameRate,
  readAspectRatio,
  skipVideoSignal,
  unescapeNal,
} from './bit-reader.js';

/** What a video configuration says about the pictures. */
export interface VideoFormat {
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  readonly bitDepth: number;
  readonly frameRate: number | null;
  readonly pixelAspect: PixelAspect | null;
}

/** Profiles whose SPS has chroma format and scaling lists (H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const SPS_NAL_TYPE = 7;

/** Reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1) and its first SPS. */
export function readAvcConfiguration(record: Uint8Array): VideoFormat {
  const invalid = (problem: string): CodedError =>
    new CodedError('codec_configuration_invalid', { codec: 'h264', problem });
  if (record.length < 7) throw invalid(`it has ${record.length} bytes, at least 7 are needed`);
  if (record[0] !== 1) throw invalid(`configurationVersion is ${record[0]}, must be 1`);
  if ((record[4]! & 3) === 2) throw invalid('NAL unit lengths of 3 bytes are not allowed');
  const spsCount = record[5]! & 0x1f;
  if (spsCount === 0) throw invalid('it has no sequence parameter set');
  const length = (record[6]! << 8) | (record[7] ?? 0);
  if (length < 4 || 8 + length > record.length) {
    throw invalid(`the first sequence parameter set has ${length} bytes, the record ${record.length}`);
  }
  const sps = record.subarray(8, 8 + length);
  if ((sps[0]! & 0x1f) !== SPS_NAL_TYPE) {
    throw invalid(`the first parameter set has NAL type ${sps[0]! & 0x1f}, must be ${SPS_NAL_TYPE}`);
  }
  const { width, height, chroma, bitDepth, frameRate, pixelAspect } = readAvcSps(sps);
  const codecString = `avc1.${hexByte(record[1]!)}${hexByte(record[2]!)}${hexByte(record[3]!)}`;
  return { codecString, width, height, chroma, bitDepth, frameRate, pixelAspect };
}

/** Bytes of the length field before each NAL unit of an avcC or hvcC stream: 1, 2 or 4. */
export function nalLengthSize(codec: 'h264' | 'hevc', configuration: Uint8Array): number {
  return ((configuration[codec === 'h264' ? 4 : 21] ?? 3) & 3) + 1;
}

/** What an H.264 SPS says, beside what decoders need. */
export interface AvcSps extends VideoFormat {
  readonly id: number;
  readonly frameNumBits: number;
  /** How presentation order is told, 0..2. */
  readonly pocType: number;
  /** Bits of `pic_order_cnt_lsb`; 0 where the type has none. */
  readonly pocBits: number;
  readonly frameMbsOnly: boolean;
  readonly separatePlanes: boolean;
}

const CHROMA: readonly Chroma[] = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'];

/** Reads a sequence parameter set (H.264 7.3.2.1.1), header byte included. @throws CodedError `bitstream_invalid` */
export function readAvcSps(nal: Uint8Array): AvcSps {
  const reader = new BitReader(unescapeNal(nal.subarray(1)), 'H.264 SPS');
  if (nal.length < 4) throw reader.error(`it has ${nal.length} bytes`);
  const codecString = `avc1.${hexByte(nal[1]!)}${hexByte(nal[2]!)}${hexByte(nal[3]!)}`;
  const profile = reader.bits(8);
  reader.skip(16); // constraint flags, level
  const id = reader.ueAtMost(31, 'seq_parameter_set_id');
  let chromaFormat = 1;
  let separatePlanes = false;
  let bitDepth = 8;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = reader.ueAtMost(3, 'chroma_format_idc');
    if (chromaFormat === 3) separatePlanes = reader.flag();
    bitDepth = 8 + reader.ueAtMost(6, 'bit_depth_luma_minus8');
    reader.ueAtMost(6, 'bit_depth_chroma_minus8');
    reader.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) {
      const lists = chromaFormat === 3 ? 12 : 8;
      for (let i = 0; i < lists; i += 1) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64);
    }
  }
  const frameNumBits = 4 + reader.ueAtMost(12, 'log2_max_frame_num_minus4');
  const pocType = reader.ueAtMost(2, 'pic_order_cnt_type');
  let pocBits = 0;
  if (pocType === 0) {
    pocBits = 4 + reader.ueAtMost(12, 'log2_max_pic_order_cnt_lsb_minus4');
  } else if (pocType === 1) {
    reader.skip(1); // delta_pic_order_always_zero_flag
    reader.se();
    reader.se();
    const cycle = reader.ueAtMost(255, 'num_ref_frames_in_pic_order_cnt_cycle');
    for (let i = 0; i < cycle; i += 1) reader.se();
  }
  reader.ue(); // max_num_ref_frames
  reader.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = reader.ue() + 1;
  const heightInMapUnits = reader.ue() + 1;
  const frameMbsOnly = reader.flag();
  if (!frameMbsOnly) reader.skip(1); // mb_adaptive_frame_field_flag
  reader.skip(1); // direct_8x8_inference_flag
  let crop = { left: 0, right: 0, top: 0, bottom: 0 };
  if (reader.flag()) crop = { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() };

  const chromaArray = separatePlanes ? 0 : chromaFormat;
  const fields = frameMbsOnly ? 1 : 2;
  const cropUnitX = chromaArray === 1 || chromaArray === 2 ? 2 : 1;
  const cropUnitY = (chromaArray === 1 ? 2 : 1) * fields;
  const size = checkedSize(
    reader,
    widthInMbs * 16 - cropUnitX * (crop.left + crop.right),
    heightInMapUnits * 16 * fields - cropUnitY * (crop.top + crop.bottom),
  );
  return {
    ...{ id, codecString, frameNumBits, pocType, pocBits, frameMbsOnly, separatePlanes, bitDepth },
    chroma: CHROMA[chromaFormat]!,
    ...size,
    ...(reader.flag() ? readVui(reader) : { frameRate: null, pixelAspect: null }),
  };
}

function readVui(reader: BitReader): Pick<VideoFormat, 'frameRate' | 'pixelAspect'> {
  const pixelAspect = readAspectRatio(reader);
  skipVideoSignal(reader);
  let frameRate: number | null = null;
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    reader.skip(1); // fixed_frame_rate_flag: x264 clears it for constant rates too, so it decides nothing
    // A tick is the time of a field (H.264 E.2.1): two of them make a frame.
    frameRate = plausibleFrameRate(timeScale, unitsInTick * 2);
  }
  return { frameRate, pixelAspect };
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size && next !== 0; i += 1) {
    next = (last + reader.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}
