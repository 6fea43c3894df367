import { type AudioTrack, CodedError, type Track, type VideoTrack } from '@media-analyzer/protocol';
import { pixelAspect } from '../bitstream/index.js';
import { ascii, box, fullBox, u8, u16, u32, zeros } from './boxes.js';
import { type NumberedTrack, trackTimescale } from './tracks.js';

const UNITY_MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const MOVIE_TIMESCALE = 1000;
/** 'und', packed (ISO/IEC 14496-12 8.4.2.3). */
const LANGUAGE_UNDETERMINED = 0x55c4;

/**
 * Writes an initialization segment: `ftyp` and a `moov` without samples (CMAF header, ISO/IEC 23000-19 7.3.1).
 *
 * @throws CodedError `bitstream_invalid` when there is no track, or two have the same number.
 */
export function writeInitSegment(tracks: readonly NumberedTrack[]): Uint8Array {
  const ids = new Set(tracks.map((track) => track.trackId));
  if (tracks.length === 0 || ids.size !== tracks.length || [...ids].some((id) => id < 1)) {
    throw new CodedError('bitstream_invalid', {
      what: 'fMP4 track list',
      problem: `it needs at least one track, and numbers from 1 without repetition; they are [${tracks.map((t) => t.trackId).join(', ')}]`,
    });
  }
  const movieHeader = fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, MOVIE_TIMESCALE, 0, 0x10000),
    u16(0x100, 0),
    u32(0, 0),
    UNITY_MATRIX,
    zeros(24),
    u32(Math.max(...ids) + 1),
  );
  const extends_ = box('mvex', ...tracks.map(({ trackId }) => fullBox('trex', 0, 0, u32(trackId, 1, 0, 0, 0))));
  const movie = box('moov', movieHeader, ...tracks.map(writeTrack), extends_);
  // A CMAF track file has one track; with sound and picture together only the fragment structure is CMAF's.
  const brands = tracks.length === 1 ? 'iso6cmfcmp41' : 'iso6mp41';
  const fileType = box('ftyp', ascii('iso6'), u32(0), ascii(brands));
  return concat(fileType, movie);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function writeTrack({ trackId, track }: NumberedTrack): Uint8Array {
  const size =
    track.kind === 'video' ? { width: track.displayWidth, height: track.displayHeight } : { width: 0, height: 0 };
  const header = fullBox(
    'tkhd',
    0,
    3, // enabled, in movie
    u32(0, 0, trackId, 0, 0, 0, 0),
    u16(0, 0, track.kind === 'audio' ? 0x100 : 0, 0), // layer, alternate group, volume
    UNITY_MATRIX,
    u32(size.width * 0x10000, size.height * 0x10000),
  );
  return box('trak', header, writeMedia(track));
}

function writeMedia(track: Track): Uint8Array {
  const header = fullBox('mdhd', 0, 0, u32(0, 0, trackTimescale(track), 0), u16(LANGUAGE_UNDETERMINED, 0));
  const [handler, name] = track.kind === 'video' ? ['vide', 'VideoHandler'] : ['soun', 'SoundHandler'];
  const handlerBox = fullBox('hdlr', 0, 0, u32(0), ascii(handler!), zeros(12), ascii(`${name}\0`));
  const kindHeader = track.kind === 'video' ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4));
  const dataInformation = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const sampleTable = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), track.kind === 'video' ? videoEntry(track) : audioEntry(track)),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  return box('mdia', header, handlerBox, box('minf', kindHeader, dataInformation, sampleTable));
}

const VIDEO_ENTRIES = { h264: ['avc1', 'avcC'], hevc: ['hvc1', 'hvcC'], av1: ['av01', 'av1C'] } as const;

function videoEntry(track: VideoTrack): Uint8Array {
  const [entry, configuration] = VIDEO_ENTRIES[track.codec];
  const aspect = pixelAspect(track);
  return box(
    entry,
    zeros(6),
    u16(1), // data reference index
    zeros(16),
    u16(track.width, track.height),
    u32(0x480000, 0x480000, 0), // 72 dpi, reserved
    u16(1), // frame count
    zeros(32), // compressor name
    u16(0x18, 0xffff), // depth, pre-defined
    box(configuration, track.configuration),
    ...(aspect ? [box('pasp', u32(aspect[0], aspect[1]))] : []),
  );
}

function audioEntry(track: AudioTrack): Uint8Array {
  // The field is 16.16: rates above 65535 Hz do not fit and are left to the decoder configuration.
  const rate = track.sampleRate <= 0xffff ? track.sampleRate * 0x10000 : 0;
  const head = [zeros(6), u16(1), zeros(8), u16(track.channels, 16), zeros(4), u32(rate)];
  if (track.codec === 'opus') return box('Opus', ...head, box('dOps', track.configuration));
  return box('mp4a', ...head, elementaryStreamDescriptor(track.configuration));
}

/** `esds` (ISO/IEC 14496-14 5.6) around an AudioSpecificConfig. */
function elementaryStreamDescriptor(config: Uint8Array): Uint8Array {
  const specific = descriptor(5, config);
  const decoder = descriptor(4, u8(0x40, 0x15, 0, 0, 0), u32(0, 0), specific); // MPEG-4 audio, audio stream
  return fullBox('esds', 0, 0, descriptor(3, u16(0), u8(0), decoder, descriptor(6, u8(2))));
}

/** A descriptor with the length in four bytes, as most files have it. */
function descriptor(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(5 + size);
  bytes.set([
    tag,
    0x80 | ((size >> 21) & 0x7f),
    0x80 | ((size >> 14) & 0x7f),
    0x80 | ((size >> 7) & 0x7f),
    size & 0x7f,
  ]);
  let at = 5;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
