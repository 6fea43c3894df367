import { CodedError } from '@media-analyzer/protocol';

/** Opus always decodes at this rate and counts its pre-skip in it, Hz (RFC 7845 5.1). */
export const OPUS_SAMPLE_RATE = 48_000;
const DOPS_BYTES = 11;
const OPUS_HEAD_BYTES = 19;

/**
 * Reads the payload of a `dOps` box (Opus in ISOBMFF 4.3.2) or an `OpusHead` packet (RFC 7845 5.1), which is what
 * Enhanced RTMP and Matroska carry, and returns the `dOps` form.
 */
export function readOpusConfiguration(bytes: Uint8Array): { configuration: Uint8Array; channels: number } {
  const head = isOpusHead(bytes);
  const invalid = (problem: string): CodedError =>
    new CodedError('codec_configuration_invalid', { codec: 'opus', problem });
  const need = head ? OPUS_HEAD_BYTES : DOPS_BYTES;
  if (bytes.length < need) throw invalid(`it has ${bytes.length} bytes, at least ${need} are needed`);
  const configuration = head ? toDops(bytes) : bytes;
  if (configuration[0] !== 0) throw invalid(`the version is ${configuration[0]}, must be 0`);
  const channels = configuration[1]!;
  const family = configuration[10]!;
  const mapped = family === 0 ? 2 : 255;
  if (channels < 1 || channels > mapped)
    throw invalid(`it has ${channels} channels; mapping family ${family} allows 1..${mapped}`);
  const size = DOPS_BYTES + (family === 0 ? 0 : 2 + channels);
  if (configuration.length < size)
    throw invalid(`it has ${configuration.length} bytes, its channel mapping needs ${size}`);
  return { configuration: configuration.subarray(0, size), channels };
}

/** Samples per channel at 48 kHz in one packet (RFC 6716 3.1 and 3.2), or 0 for an empty or broken packet. */
export function opusPacketSamples(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  let frame: number;
  if (config < 12) frame = [480, 960, 1920, 2880][config & 3]!;
  else if (config < 16) frame = [480, 960][config & 1]!;
  else frame = [120, 240, 480, 960][config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  const samples = frame * frames;
  return samples <= 5760 ? samples : 0; // a packet holds at most 120 ms
}

function isOpusHead(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 8)) === 'OpusHead';
}

/** The same fields: little-endian and version 1 in the packet, big-endian and version 0 in the box. */
function toDops(head: Uint8Array): Uint8Array {
  const box = Uint8Array.from(head.subarray(8)); // a copy: slice() of a Buffer is none
  box[0] = (head[8]! & 0xf0) === 0 ? 0 : head[8]!;
  for (const [from, to] of [
    [10, 11],
    [12, 15],
    [13, 14],
    [16, 17],
  ] as const) {
    box[from - 8] = head[to]!;
    box[to - 8] = head[from]!;
  }
  return box;
}
