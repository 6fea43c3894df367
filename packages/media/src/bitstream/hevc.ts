import { type Chroma, CodedError } from '@media-analyzer/protocol';
import {
  BitReader,
  checkedSize,
  plausibleFrameRate,
  readAspectRatio,
  skipVideoSignal,
  unescapeNal,
} from './bit-reader.js';
import type { VideoFormat } from './h264.js';

const SPS_NAL_TYPE = 33;
const HEADER_BYTES = 23;

/** Reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1) and its first SPS. */
export function readHevcConfiguration(record: Uint8Array): VideoFormat {
  const invalid = (problem: string): CodedError =>
    new CodedError('codec_configuration_invalid', { codec: 'hevc', problem });
  if (record.length < HEADER_BYTES) throw invalid(`it has ${record.length} bytes, at least ${HEADER_BYTES} are needed`);
  if (record[0] !== 1) throw invalid(`configurationVersion is ${record[0]}, must be 1`);
  const sps = findSps(record, invalid);
  const { width, height, chroma, bitDepth, frameRate, pixelAspect } = readHevcSps(sps);
  return { codecString: codecString(record), width, height, chroma, bitDepth, frameRate, pixelAspect };
}

function findSps(record: Uint8Array, invalid: (problem: string) => CodedError): Uint8Array {
  const u16 = (at: number): number => {
    if (at + 2 > record.length) throw invalid(`an array ends at byte ${at + 2}, the record at ${record.length}`);
    return (record[at]! << 8) | record[at + 1]!;
  };
  let at = HEADER_BYTES;
  for (let array = 0; array < record[22]!; array += 1) {
    const type = (record[at] ?? 0) & 0x3f;
    const count = u16(at + 1);
    at += 3;
    for (let i = 0; i < count; i += 1) {
      const length = u16(at);
      at += 2;
      if (at + length > record.length)
        throw invalid(`a NAL unit ends at byte ${at + length}, the record at ${record.length}`);
      if (type === SPS_NAL_TYPE && length > 2) return record.subarray(at, at + length);
      at += length;
    }
  }
  throw invalid('it has no sequence parameter set');
}

/** ISO/IEC 14496-15 E.3: profile space and idc, reversed compatibility flags, tier and level, constraint bytes. */
function codecString(record: Uint8Array): string {
  const space = ['', 'A', 'B', 'C'][record[1]! >> 6]!;
  const profile = record[1]! & 0x1f;
  const tier = (record[1]! & 0x20) === 0 ? 'L' : 'H';
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if (((record[2 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) === 1) compatibility += 2 ** bit;
  }
  const constraints = [...record.subarray(6, 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const parts = [`hvc1.${space}${profile}`, compatibility.toString(16), `${tier}${record[12]!}`];
  return [...parts, ...constraints.map((byte) => byte.toString(16))].join('.');
}

const CHROMA: readonly Chroma[] = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'];

/** What an HEVC SPS says, beside what decoders need. */
export interface HevcSps extends Omit<VideoFormat, 'codecString'> {
  readonly id: number;
  readonly vpsId: number;
  readonly chromaFormat: number;
  readonly chromaBitDepth: number;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
}

/** Reads a sequence parameter set (HEVC 7.3.2.2), header bytes included. @throws CodedError `bitstream_invalid` */
export function readHevcSps(nal: Uint8Array): HevcSps {
  const reader = new BitReader(unescapeNal(nal.subarray(2)), 'HEVC SPS');
  const vpsId = reader.bits(4);
  const maxSubLayersMinus1 = reader.bits(3);
  const temporalIdNested = reader.flag();
  skipProfileTierLevel(reader, maxSubLayersMinus1);
  const id = reader.ueAtMost(15, 'sps_seq_parameter_set_id');
  const chromaFormat = reader.ueAtMost(3, 'chroma_format_idc');
  const separatePlanes = chromaFormat === 3 && reader.flag();
  const codedWidth = reader.ue();
  const codedHeight = reader.ue();
  let crop = { left: 0, right: 0, top: 0, bottom: 0 };
  if (reader.flag()) crop = { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() };
  const chromaArray = separatePlanes ? 0 : chromaFormat;
  const unitX = chromaArray === 1 || chromaArray === 2 ? 2 : 1;
  const unitY = chromaArray === 1 ? 2 : 1;
  const size = checkedSize(
    reader,
    codedWidth - unitX * (crop.left + crop.right),
    codedHeight - unitY * (crop.top + crop.bottom),
  );
  const bitDepth = 8 + reader.ueAtMost(8, 'bit_depth_luma_minus8');
  const chromaBitDepth = 8 + reader.ueAtMost(8, 'bit_depth_chroma_minus8');
  const pocBits = reader.ueAtMost(12, 'log2_max_pic_order_cnt_lsb_minus4') + 4;
  const perLayer = reader.flag();
  for (let i = perLayer ? 0 : maxSubLayersMinus1; i <= maxSubLayersMinus1; i += 1) {
    reader.ue(); // sps_max_dec_pic_buffering_minus1
    reader.ue(); // sps_max_num_reorder_pics
    reader.ue(); // sps_max_latency_increase_plus1
  }
  for (let i = 0; i < 6; i += 1) reader.ue(); // block and transform sizes and depths
  if (reader.flag() && reader.flag()) skipScalingListData(reader);
  reader.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (reader.flag()) {
    reader.skip(8); // pcm bit depths
    reader.ue();
    reader.ue();
    reader.skip(1);
  }
  skipShortTermRefPicSets(reader, reader.ueAtMost(64, 'num_short_term_ref_pic_sets'));
  if (reader.flag()) {
    const longTerm = reader.ueAtMost(32, 'num_long_term_ref_pics_sps');
    for (let i = 0; i < longTerm; i += 1) reader.skip(pocBits + 1);
  }
  reader.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  return {
    ...{ id, vpsId, chromaFormat, chroma: CHROMA[chromaFormat]!, bitDepth, chromaBitDepth },
    ...{ temporalLayers: maxSubLayersMinus1 + 1, temporalIdNested },
    ...size,
    ...(reader.flag() ? readVui(reader) : { frameRate: null, pixelAspect: null }),
  };
}

function readVui(reader: BitReader): Pick<VideoFormat, 'frameRate' | 'pixelAspect'> {
  const pixelAspect = readAspectRatio(reader);
  skipVideoSignal(reader);
  reader.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (reader.flag()) for (let i = 0; i < 4; i += 1) reader.ue(); // default display window
  let frameRate: number | null = null;
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    frameRate = plausibleFrameRate(reader.bits(32), unitsInTick);
  }
  return { frameRate, pixelAspect };
}

/** HEVC 7.3.3. */
function skipProfileTierLevel(reader: BitReader, maxSubLayersMinus1: number): void {
  reader.skip(96);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < maxSubLayersMinus1; i += 1) present.push({ profile: reader.flag(), level: reader.flag() });
  if (maxSubLayersMinus1 > 0) reader.skip(2 * (8 - maxSubLayersMinus1));
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
}

/** HEVC 7.3.4. */
function skipScalingListData(reader: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrix = 0; matrix < 6; matrix += sizeId === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (sizeId > 1) reader.se(); // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + (sizeId << 1)));
      for (let i = 0; i < coefficients; i += 1) reader.se();
    }
  }
}

/** HEVC 7.3.7. */
function skipShortTermRefPicSets(reader: BitReader, count: number): void {
  let pictures = 0; // NumDeltaPocs of the set before
  for (let index = 0; index < count; index += 1) {
    if (index > 0 && reader.flag()) {
      reader.skip(1); // delta_rps_sign
      reader.ue(); // abs_delta_rps_minus1
      let kept = 0;
      for (let j = 0; j <= pictures; j += 1) {
        const used = reader.flag();
        const useDelta = used || reader.flag();
        if (useDelta) kept += 1;
      }
      pictures = kept;
    } else {
      const negative = reader.ueAtMost(16, 'num_negative_pics');
      const positive = reader.ueAtMost(16, 'num_positive_pics');
      for (let j = 0; j < negative + positive; j += 1) {
        reader.ue(); // delta_poc_minus1
        reader.skip(1); // used_by_curr_pic_flag
      }
      pictures = negative + positive;
    }
  }
}
