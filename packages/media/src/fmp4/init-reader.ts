import {
  type AudioCodec,
  CodedError,
  type Track,
  type UnsupportedTrack,
  type VideoCodec,
} from '@media-analyzer/protocol';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../bitstream/index.js';
import { type BoxCursor, readBoxes } from './box-reader.js';
import type { NumberedTrack } from './tracks.js';

/** Values that fragments of a track leave out (`trex`). */
export interface SampleDefaults {
  readonly durationTicks: number;
  readonly bytes: number;
  readonly flags: number;
}

export interface ReadTrack extends NumberedTrack {
  /** Ticks per second. */
  readonly timescale: number;
  readonly defaults: SampleDefaults;
  /** Added to composition times to get presentation times: the edit list (ISO/IEC 14496-12 8.6.6), ticks. */
  readonly presentationShiftTicks: number;
}

export interface InitSegment {
  readonly tracks: readonly ReadTrack[];
  /** Tracks of the file that this product cannot carry. */
  readonly unsupported: readonly UnsupportedTrack[];
}

const NO_DEFAULTS: SampleDefaults = { durationTicks: 0, bytes: 0, flags: 0 };

/**
 * Reads an initialization segment, or the `moov` of a fragmented file.
 *
 * @throws CodedError `bitstream_invalid` or `codec_configuration_invalid` when it is broken.
 */
export function readInitSegment(bytes: Uint8Array): InitSegment {
  const movie = readBoxes(bytes).find((box) => box.type === 'moov');
  if (!movie) throw new CodedError('bitstream_invalid', { what: 'MP4 file', problem: 'it has no "moov" box' });
  const boxes = movie.children();
  const defaults = new Map<number, SampleDefaults>();
  let movieTimescale = 1000;
  for (const box of boxes) {
    if (box.type === 'mvhd') movieTimescale = readTimescale(box);
    if (box.type !== 'mvex') continue;
    for (const trex of box.children().filter((child) => child.type === 'trex')) {
      trex.versionAndFlags();
      const trackId = trex.u32();
      trex.skip(4);
      defaults.set(trackId, { durationTicks: trex.u32(), bytes: trex.u32(), flags: trex.u32() });
    }
  }
  const tracks: ReadTrack[] = [];
  const unsupported: UnsupportedTrack[] = [];
  for (const box of boxes.filter((child) => child.type === 'trak')) {
    const { trackId, timescale, track, shift } = readTrack(box, movieTimescale);
    if ('configuration' in track) {
      tracks.push({
        trackId,
        track,
        timescale,
        defaults: defaults.get(trackId) ?? NO_DEFAULTS,
        presentationShiftTicks: shift,
      });
    } else if (track.kind) {
      unsupported.push({ kind: track.kind, codec: track.codec });
    }
  }
  return { tracks, unsupported };
}

type Described = Track | { readonly kind: 'video' | 'audio' | null; readonly codec: string };

function readTrack(
  trak: BoxCursor,
  movieTimescale: number,
): { trackId: number; timescale: number; track: Described; shift: number } {
  const boxes = new Map(trak.children().map((box) => [box.type, box]));
  const need = (from: Map<string, BoxCursor>, parent: string, type: string): BoxCursor => {
    const found = from.get(type);
    if (!found)
      throw new CodedError('bitstream_invalid', { what: `MP4 box "${parent}"`, problem: `it has no box "${type}"` });
    return found;
  };
  const header = need(boxes, 'trak', 'tkhd');
  const { version } = header.versionAndFlags();
  header.skip(version === 1 ? 16 : 8);
  const trackId = header.u32();

  const media = new Map(
    need(boxes, 'trak', 'mdia')
      .children()
      .map((box) => [box.type, box]),
  );
  const timescale = readTimescale(need(media, 'mdia', 'mdhd'));
  const handler = need(media, 'mdia', 'hdlr');
  handler.skip(8);
  const kind = { vide: 'video', soun: 'audio' }[String.fromCharCode(...handler.take(4))] as
    | 'video'
    | 'audio'
    | undefined;
  const descriptions = need(media, 'mdia', 'minf').child('stbl').child('stsd');
  descriptions.skip(8);
  const entry = descriptions.children()[0];
  if (!entry) throw descriptions.error('it has no sample entry');
  const track = kind ? describe(kind, entry) : { kind: null, codec: entry.type };
  const edits = boxes.get('edts');
  return { trackId, timescale, track, shift: edits ? readEdits(edits, timescale / movieTimescale) : 0 };
}

/** Of `mvhd` and `mdhd`, which begin alike. */
function readTimescale(header: BoxCursor): number {
  const { version } = header.versionAndFlags();
  header.skip(version === 1 ? 16 : 8);
  const timescale = header.u32();
  if (timescale === 0) throw header.error('its timescale is 0, must be at least 1');
  return timescale;
}

const VIDEO_ENTRIES: Readonly<Record<string, readonly [VideoCodec, string]>> = {
  avc1: ['h264', 'avcC'],
  avc3: ['h264', 'avcC'],
  hvc1: ['hevc', 'hvcC'],
  hev1: ['hevc', 'hvcC'],
  av01: ['av1', 'av1C'],
};
const AUDIO_ENTRIES: Readonly<Record<string, readonly [AudioCodec, string]>> = {
  mp4a: ['aac', 'esds'],
  Opus: ['opus', 'dOps'],
};

function describe(kind: 'video' | 'audio', entry: BoxCursor): Described {
  if (kind === 'video') {
    const known = VIDEO_ENTRIES[entry.type];
    if (!known) return { kind, codec: entry.type };
    entry.skip(78);
    return videoTrackFromConfiguration(known[0], entry.child(known[1]).rest());
  }
  const known = AUDIO_ENTRIES[entry.type];
  if (!known) return { kind, codec: entry.type };
  entry.skip(8);
  // QuickTime's version 1 and 2 sound descriptions have more fields.
  const version = entry.u16();
  entry.skip(18 + (version === 1 ? 16 : version === 2 ? 36 : 0));
  const box = entry.child(known[1]);
  if (known[0] === 'opus') return audioTrackFromConfiguration('opus', box.rest());
  const config = readEsds(box);
  return config ? audioTrackFromConfiguration('aac', config) : { kind, codec: 'mp4a' };
}

/** AudioSpecificConfig of an `esds`, or null when it is not MPEG-4 audio. */
function readEsds(box: BoxCursor): Uint8Array | null {
  box.skip(4);
  expectDescriptor(box, 3);
  box.skip(2);
  const flags = box.u8();
  if ((flags & 0x80) !== 0) box.skip(2);
  if ((flags & 0x40) !== 0) box.skip(box.u8());
  if ((flags & 0x20) !== 0) box.skip(2);
  expectDescriptor(box, 4);
  if (box.u8() !== 0x40) return null;
  box.skip(12);
  return box.take(expectDescriptor(box, 5));
}

/** Size of the descriptor that must come now. */
function expectDescriptor(box: BoxCursor, tag: number): number {
  const found = box.u8();
  if (found !== tag) throw box.error(`descriptor ${found} where ${tag} is needed`);
  let size = 0;
  for (let i = 0; i < 4; i += 1) {
    const byte = box.u8();
    size = (size << 7) | (byte & 0x7f);
    if ((byte & 0x80) === 0) break;
  }
  return size;
}

/** Empty edits delay the track, the first real edit says which media time comes first. */
function readEdits(edits: BoxCursor, ticksPerMovieTick: number): number {
  const list = edits.children().find((box) => box.type === 'elst');
  if (!list) return 0;
  const { version } = list.versionAndFlags();
  const count = Math.min(list.u32(), Math.floor(list.remaining / (version === 1 ? 20 : 12)));
  let delay = 0;
  for (let i = 0; i < count; i += 1) {
    const duration = version === 1 ? list.u64() : list.u32();
    const mediaTime = version === 1 ? list.i64() : list.i32();
    list.skip(4);
    if (mediaTime >= 0) return delay - mediaTime;
    delay += Math.round(duration * ticksPerMovieTick);
  }
  return delay;
}
