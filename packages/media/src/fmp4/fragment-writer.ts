import { Buffer } from 'node:buffer';
import { CodedError } from '@media-analyzer/protocol';

/** A sample as a fragment carries it, in ticks of its track. */
export interface FragmentSample {
  readonly durationTicks: number;
  /** PTS minus DTS; may be negative. */
  readonly compositionOffsetTicks: number;
  readonly keyframe: boolean;
  readonly data: Uint8Array;
}

export interface FragmentTrack {
  readonly trackId: number;
  /** DTS of the first sample. */
  readonly baseDecodeTime: number;
  /** At least one. */
  readonly samples: readonly FragmentSample[];
}

export interface FragmentOptions {
  /** Counts up over a stream's fragments. */
  readonly sequenceNumber: number;
  /** At least one, each with samples. */
  readonly tracks: readonly FragmentTrack[];
  /** Begin with a `styp` box: the first fragment of a segment does. */
  readonly segmentStart?: boolean;
  /** Add a `prft` box: the wall clock (Unix ms) at which the first track's first sample was captured. */
  readonly producedAt?: number;
  /** Gives so many bytes to write the fragment to. Memory of its own when not given. */
  readonly allocate?: (bytes: number) => Buffer;
}

/** Sample flags (ISO/IEC 14496-12 8.8.3.1): depends on no other sample; depends on others and is no sync sample. */
const SYNC_FLAGS = 0x02000000;
const NON_SYNC_FLAGS = 0x01010000;

const STYP = Buffer.from('0000001873747970' + '6d736468' + '00000000' + '6d736468' + '6d736978', 'hex');
const PRFT_BYTES = 32;
/** Seconds between 1900 (NTP) and 1970. */
const NTP_UNIX_SECONDS = 2_208_988_800;

const TFHD_DEFAULT_DURATION = 0x8;
const TFHD_DEFAULT_FLAGS = 0x20;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x20000;
const TRUN_DATA_OFFSET = 0x1;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_FLAGS = 0x400;
const TRUN_COMPOSITION = 0x800;

/** Which fields each sample of a run carries, and the resulting box sizes. */
interface RunLayout {
  readonly track: FragmentTrack;
  readonly defaultDuration: number | null;
  readonly defaultFlags: number | null;
  readonly trunFlags: number;
  readonly tfhdBytes: number;
  readonly trunBytes: number;
  readonly trafBytes: number;
  readonly dataBytes: number;
}

const TFDT_BYTES = 20;

/**
 * Writes one media fragment, `moof` and `mdat`, with one `traf` and one `trun` a track (CMAF chunk, ISO/IEC 23000-19
 * 7.3.2.3). The payload is copied once, into memory of the exact size.
 *
 * @throws CodedError `bitstream_invalid` when a time or size does not fit its field.
 */
export function writeFragment(options: FragmentOptions): Uint8Array {
  if (options.tracks.length === 0) throw invalid('it has no tracks, at least one is needed');
  const runs = options.tracks.map(layoutRun);
  const moofBytes = runs.reduce((sum, run) => sum + run.trafBytes, 8 + 16);
  const dataBytes = runs.reduce((sum, run) => sum + run.dataBytes, 8);
  if (dataBytes > 0xffffffff) throw invalid(`mdat has ${dataBytes} bytes, at most 4294967295 fit`);
  const stypBytes = options.segmentStart ? STYP.length : 0;
  const prftBytes = options.producedAt === undefined ? 0 : PRFT_BYTES;
  const allocate = options.allocate ?? Buffer.allocUnsafe;
  const bytes = allocate(stypBytes + prftBytes + moofBytes + dataBytes);
  if (stypBytes > 0) STYP.copy(bytes, 0);
  if (options.producedAt !== undefined) writePrft(bytes, stypBytes, options.tracks[0]!, options.producedAt);

  let at = stypBytes + prftBytes;
  at = writeHead(bytes, at, moofBytes, 'moof');
  at = writeFullHead(bytes, at, 16, 'mfhd', 0, 0);
  at = bytes.writeUInt32BE(options.sequenceNumber >>> 0, at);
  let dataOffset = moofBytes + 8;
  for (const run of runs) {
    at = writeTraf(bytes, at, run, dataOffset);
    dataOffset += run.dataBytes;
  }
  at = writeHead(bytes, at, dataBytes, 'mdat');
  for (const { samples } of options.tracks) {
    for (const { data } of samples) {
      bytes.set(data, at);
      at += data.length;
    }
  }
  return bytes;
}

function invalid(problem: string): CodedError {
  return new CodedError('bitstream_invalid', { what: 'fMP4 fragment', problem });
}

function layoutRun(track: FragmentTrack): RunLayout {
  const { samples, trackId, baseDecodeTime } = track;
  const first = samples[0];
  if (!first) throw invalid(`track ${trackId} has no samples, at least one is needed`);
  if (!Number.isSafeInteger(baseDecodeTime) || baseDecodeTime < 0) {
    throw invalid(`the decode time of track ${trackId} is ${baseDecodeTime}, must be a whole number of ticks from 0`);
  }
  let sameDuration = true;
  let sameFlags = true;
  let composition = false;
  let dataBytes = 0;
  for (const sample of samples) {
    checkSample(trackId, sample);
    sameDuration &&= sample.durationTicks === first.durationTicks;
    sameFlags &&= sample.keyframe === first.keyframe;
    composition ||= sample.compositionOffsetTicks !== 0;
    dataBytes += sample.data.length;
  }
  const trunFlags =
    TRUN_DATA_OFFSET |
    TRUN_SIZE |
    (sameDuration ? 0 : TRUN_DURATION) |
    (sameFlags ? 0 : TRUN_FLAGS) |
    (composition ? TRUN_COMPOSITION : 0);
  const fields = 1 + (sameDuration ? 0 : 1) + (sameFlags ? 0 : 1) + (composition ? 1 : 0);
  const tfhdBytes = 16 + (sameDuration ? 4 : 0) + (sameFlags ? 4 : 0);
  const trunBytes = 20 + samples.length * fields * 4;
  return {
    track,
    defaultDuration: sameDuration ? first.durationTicks : null,
    defaultFlags: sameFlags ? sampleFlags(first) : null,
    trunFlags,
    tfhdBytes,
    trunBytes,
    trafBytes: 8 + tfhdBytes + TFDT_BYTES + trunBytes,
    dataBytes,
  };
}

function checkSample(trackId: number, { durationTicks, compositionOffsetTicks }: FragmentSample): void {
  if (!Number.isInteger(durationTicks) || durationTicks < 0 || durationTicks > 0xffffffff) {
    throw invalid(`a sample of track ${trackId} lasts ${durationTicks} ticks, must be a whole number 0..4294967295`);
  }
  if (compositionOffsetTicks !== (compositionOffsetTicks | 0)) {
    throw invalid(
      `a composition offset of track ${trackId} is ${compositionOffsetTicks} ticks, must be a 32-bit integer`,
    );
  }
}

function sampleFlags(sample: FragmentSample): number {
  return sample.keyframe ? SYNC_FLAGS : NON_SYNC_FLAGS;
}

function writeHead(bytes: Buffer, at: number, size: number, type: string): number {
  bytes.writeUInt32BE(size, at);
  bytes.write(type, at + 4, 4, 'latin1');
  return at + 8;
}

function writeFullHead(bytes: Buffer, at: number, size: number, type: string, version: number, flags: number): number {
  writeHead(bytes, at, size, type);
  return bytes.writeUInt32BE(((version << 24) | flags) >>> 0, at + 8);
}

function writeTraf(bytes: Buffer, start: number, run: RunLayout, dataOffset: number): number {
  const { track, defaultDuration, defaultFlags, trunFlags } = run;
  const tfhdFlags =
    TFHD_DEFAULT_BASE_IS_MOOF |
    (defaultDuration === null ? 0 : TFHD_DEFAULT_DURATION) |
    (defaultFlags === null ? 0 : TFHD_DEFAULT_FLAGS);
  let at = writeHead(bytes, start, run.trafBytes, 'traf');
  at = writeFullHead(bytes, at, run.tfhdBytes, 'tfhd', 0, tfhdFlags);
  at = bytes.writeUInt32BE(track.trackId, at);
  if (defaultDuration !== null) at = bytes.writeUInt32BE(defaultDuration, at);
  if (defaultFlags !== null) at = bytes.writeUInt32BE(defaultFlags, at);
  at = writeFullHead(bytes, at, TFDT_BYTES, 'tfdt', 1, 0);
  at = bytes.writeUInt32BE(Math.floor(track.baseDecodeTime / 2 ** 32), at);
  at = bytes.writeUInt32BE(track.baseDecodeTime % 2 ** 32, at);
  at = writeFullHead(bytes, at, run.trunBytes, 'trun', 1, trunFlags); // version 1: signed composition offsets
  at = bytes.writeUInt32BE(track.samples.length, at);
  at = bytes.writeInt32BE(dataOffset, at);
  for (const sample of track.samples) {
    if ((trunFlags & TRUN_DURATION) !== 0) at = bytes.writeUInt32BE(sample.durationTicks, at);
    at = bytes.writeUInt32BE(sample.data.length, at);
    if ((trunFlags & TRUN_FLAGS) !== 0) at = bytes.writeUInt32BE(sampleFlags(sample), at);
    if ((trunFlags & TRUN_COMPOSITION) !== 0) at = bytes.writeInt32BE(sample.compositionOffsetTicks, at);
  }
  return at;
}

/** ISO/IEC 14496-12 8.16.5, version 1; flags 24: the time is when the media was captured. */
function writePrft(bytes: Buffer, start: number, track: FragmentTrack, producedAt: number): void {
  let at = writeFullHead(bytes, start, PRFT_BYTES, 'prft', 1, 24);
  at = bytes.writeUInt32BE(track.trackId, at);
  const seconds = Math.floor(producedAt / 1000);
  at = bytes.writeUInt32BE((seconds + NTP_UNIX_SECONDS) % 2 ** 32, at);
  at = bytes.writeUInt32BE(Math.floor(((producedAt - seconds * 1000) / 1000) * 2 ** 32), at);
  at = bytes.writeUInt32BE(Math.floor(track.baseDecodeTime / 2 ** 32), at);
  bytes.writeUInt32BE(track.baseDecodeTime % 2 ** 32, at);
}
