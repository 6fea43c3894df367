import { CodedError } from '@media-analyzer/protocol';
import { BitReader } from './bit-reader.js';

/** What an AudioSpecificConfig says. */
export interface AacFormat {
  readonly codecString: string;
  /** Rate of the decoded sound, Hz: with SBR twice that of the core. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples per channel and access unit at `sampleRate`. */
  readonly frameSamples: number;
  /** Rate and channels without SBR and PS, which are all that an ADTS header knows. */
  readonly coreRate: number;
  readonly coreChannels: number;
}

const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/** Channels of channelConfiguration 1..14 (ISO/IEC 23003-3 table); 0 in the unassigned places. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

const AAC_LC = 2;
const SBR = 5;
const PS = 29;
/** Object types other than AAC-LC with or without SBR and PS, in words: browsers refuse nearly all of them, and the picture with them. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'AAC Main',
  3: 'AAC SSR',
  4: 'AAC LTP',
  17: 'ER AAC-LC',
  19: 'ER AAC LTP',
  20: 'ER AAC Scalable',
  23: 'AAC-LD',
  32: 'MP1',
  33: 'MP2',
  34: 'MP3',
  36: 'MPEG-4 ALS',
  37: 'MPEG-4 SLS',
  39: 'AAC-ELD',
  42: 'xHE-AAC',
};

/** Reads an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) with explicit signalling of SBR and PS, both ways. */
export function readAudioSpecificConfig(config: Uint8Array): AacFormat {
  if (config.length < 2) {
    throw new CodedError('codec_configuration_invalid', {
      codec: 'aac',
      problem: `it has ${config.length} bytes, at least 2 are needed`,
    });
  }
  const reader = new BitReader(config, 'AudioSpecificConfig');
  let objectType = readObjectType(reader);
  let sampleRate = readSampleRate(reader);
  const coreRate = sampleRate;
  const channelConfiguration = reader.bits(4);
  let sbr = objectType === SBR || objectType === PS;
  let ps = objectType === PS;
  if (sbr) {
    sampleRate = readSampleRate(reader);
    objectType = readObjectType(reader);
  }
  const core = readCore(reader, objectType, channelConfiguration);
  if (!sbr && reader.remaining >= 21 && reader.bits(11) === 0x2b7 && readObjectType(reader) === SBR && reader.flag()) {
    sbr = true;
    sampleRate = readSampleRate(reader);
    ps = reader.remaining >= 12 && reader.bits(11) === 0x548 && reader.flag();
  }
  const codecType = ps ? PS : sbr ? SBR : objectType;
  return {
    codecString: `mp4a.40.${codecType}`,
    sampleRate,
    channels: ps && core.channels === 1 ? 2 : core.channels,
    frameSamples: Math.round((core.frameSamples * sampleRate) / coreRate),
    coreRate,
    coreChannels: core.channels,
  };
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4);
  const rate = index === 15 ? reader.bits(24) : SAMPLE_RATES[index];
  // Below 4 kHz or above 192 kHz nothing is encoded; such a value would break the media timescale.
  if (rate === undefined || rate < 4000 || rate > 192_000) {
    throw reader.error(
      rate === undefined ? `sampling frequency index ${index} is reserved` : `the sample rate is ${rate} Hz`,
    );
  }
  return rate;
}

function readCore(
  reader: BitReader,
  objectType: number,
  channelConfiguration: number,
): { channels: number; frameSamples: number } {
  if (objectType !== AAC_LC) {
    const codec = NAMES[objectType] ?? `MPEG-4 audio of type ${objectType}`;
    throw new CodedError('codec_unsupported', { kind: 'Audio', codec, advice: 'AAC-LC' });
  }
  const frameSamples = reader.flag() ? 960 : 1024;
  if (reader.flag()) reader.skip(14); // coreCoderDelay
  const extension = reader.flag();
  const channels = channelConfiguration === 0 ? readProgramConfig(reader) : (CHANNELS[channelConfiguration] ?? 0);
  if (extension) reader.skip(1); // extensionFlag3
  if (channels === 0) throw reader.error(`channel configuration ${channelConfiguration} is reserved`);
  return { channels, frameSamples };
}

/** Counts the channels of a program_config_element (ISO/IEC 14496-3 4.4.1.1). */
function readProgramConfig(reader: BitReader): number {
  reader.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const mainElements = reader.bits(4) + reader.bits(4) + reader.bits(4); // front, side, back
  const lfe = reader.bits(2);
  const associatedData = reader.bits(3);
  const coupling = reader.bits(4);
  if (reader.flag()) reader.skip(4); // mono mixdown
  if (reader.flag()) reader.skip(4); // stereo mixdown
  if (reader.flag()) reader.skip(3); // matrix mixdown
  let channels = lfe;
  for (let i = 0; i < mainElements; i += 1) {
    channels += reader.flag() ? 2 : 1;
    reader.skip(4);
  }
  reader.skip(4 * lfe + 4 * associatedData + 5 * coupling);
  reader.align();
  reader.skip(8 * reader.bits(8)); // comment
  return channels;
}
