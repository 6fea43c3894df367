/** Media put into other forms than files have them in, as some encoders send them. */
import type { CodedSample } from '@media-analyzer/protocol';
import type { LoadedMedia } from './publish.js';

/** The samples of H.264 media with SPS and PPS before each keyframe. */
export function withSetsInBand({ tracks, samples }: LoadedMedia): CodedSample[] {
  const sets = parameterSets(Buffer.from(configurationOf(tracks, 'video')));
  return samples.map((sample) =>
    sample.kind === 'video' && sample.keyframe ? { ...sample, data: Buffer.concat([sets, sample.data]) } : sample,
  );
}

/** An AAC-LC access unit behind an ADTS header (ISO/IEC 14496-3 1.A.2.2). */
export function inAdts(unit: Uint8Array, { tracks }: LoadedMedia): Uint8Array {
  const [first = 0, second = 0] = configurationOf(tracks, 'audio');
  const [frequency, channels] = [((first & 7) << 1) | (second >> 7), (second >> 3) & 7];
  const bytes = unit.length + 7;
  return Buffer.concat([
    Buffer.of(0xff, 0xf1, 0x40 | (frequency << 2) | (channels >> 2)),
    Buffer.of(((channels & 3) << 6) | (bytes >> 11), (bytes >> 3) & 0xff, ((bytes & 7) << 5) | 0x1f, 0xfc),
    unit,
  ]);
}

function configurationOf(tracks: LoadedMedia['tracks'], kind: CodedSample['kind']): Uint8Array {
  const track = tracks.find((one) => one.kind === kind);
  if (!track) throw new Error(`the clip has no ${kind}`);
  return track.configuration;
}

/** The units of an `avcC` record, each after its length in four bytes. */
function parameterSets(record: Buffer): Buffer {
  const units: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = record.readUInt8(at) & mask;
    at += 1;
    for (let i = 0; i < count; i += 1) {
      const bytes = record.readUInt16BE(at);
      units.push(Buffer.of(0, 0, bytes >> 8, bytes & 0xff), record.subarray(at + 2, at + 2 + bytes));
      at += 2 + bytes;
    }
  }
  return Buffer.concat(units);
}
