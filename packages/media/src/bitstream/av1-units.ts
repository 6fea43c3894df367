import { CodedError, type VideoTrack } from '@media-analyzer/protocol';
import {
  MAX_PICTURES,
  MAX_UNITS,
  type MessageFault,
  type ParameterTrouble,
  type Picture,
  type UnitReader,
} from './access-unit.js';
import { type Av1Sequence, findObu, leb128, readAv1Sequence } from './av1.js';
import { videoTrackFromConfiguration } from './index.js';
import { sameBytes } from './parameter-sets.js';

/** AV1 6.2.2. */
const Obu = {
  ...{ Sequence: 1, Delimiter: 2, FrameHeader: 3, TileGroup: 4, Metadata: 5, Frame: 6, Redundant: 7 },
  ...{ TileList: 8, Padding: 15 },
} as const;
const KEY_FRAME = 0;

interface Unit {
  readonly type: number;
  readonly payload: Uint8Array;
  /** Header and payload, with the size between them. */
  readonly bytes: Uint8Array;
  /** It has its size written in it. */
  readonly sized: boolean;
}

/** Reads the messages of an AV1 publisher: temporal units in the low-overhead format (AV1 5.2). */
export function av1Units(): UnitReader {
  return new Av1UnitReader();
}

class Av1UnitReader implements UnitReader {
  readonly codec = 'av1';
  onTrouble: ((trouble: ParameterTrouble) => void) | null = null;
  #track: VideoTrack | null = null;
  #header: Uint8Array | null = null;
  #sequence: Av1Sequence | null = null;
  /** The sequence header in force may differ from the one that was told. */
  #dirty = false;
  #pending: Unit[] = [];

  configure(record: Uint8Array): VideoTrack | null {
    if (record.length < 4 || record[0] !== 0x81) return videoTrackFromConfiguration('av1', record); // says what is wrong
    const header = findObu(record.subarray(4), Obu.Sequence);
    // The record may leave the sequence header to the stream (AV1-ISOBMFF 2.3.4).
    if (!header || (this.#header && sameBytes(header, this.#header))) return null;
    this.#header = Uint8Array.from(header);
    this.#sequence = readAv1Sequence(this.#header);
    this.#dirty = this.#track !== null;
    if (this.#track) return null;
    this.#track = videoTrackFromConfiguration('av1', record);
    return this.#track;
  }

  read(data: Uint8Array): readonly Picture[] | MessageFault {
    const units = unitsOf(data);
    if (!units || units.filter(({ type }) => type === Obu.Delimiter).length > MAX_PICTURES) return 'broken';
    const pictures: Picture[] = [];
    let own: Unit[] = [];
    let shown = false;
    for (const unit of units) {
      if (unit.type === Obu.Delimiter && shown) {
        pictures.push(this.#picture(own, null));
        own = [];
        shown = false;
      }
      if (isFrame(unit)) shown = true;
      if (unit.type !== Obu.Delimiter && unit.type !== Obu.Padding && unit.type !== Obu.TileList) own.push(unit);
    }
    if (shown) {
      const whole = pictures.length === 0 && own.length === units.length && units.at(-1)?.sized === true;
      pictures.push(this.#picture(own, whole ? data : null));
      return pictures;
    }
    this.#keep(own);
    return pictures.length > 0 ? pictures : 'no_picture';
  }

  /** @param asIs The message, when it can stay as it is. */
  #picture(units: readonly Unit[], asIs: Uint8Array | null): Picture {
    const all = [...this.#pending, ...units];
    for (const unit of all) if (unit.type === Obu.Sequence) this.#take(unit.payload);
    const head = all.find(isFrame);
    const starts = head !== undefined && head.type !== Obu.TileGroup;
    const key = starts && this.#isKey(head.payload);
    const track = key ? this.#trackNow() : null;
    const data = asIs && this.#pending.length === 0 ? asIs : joined(all);
    this.#pending = [];
    return { data, entry: key ? 'closed' : null, continues: !starts, leading: false, track };
  }

  #take(header: Uint8Array): void {
    if (this.#header && sameBytes(header, this.#header)) return;
    try {
      this.#sequence = readAv1Sequence(header);
      this.#header = Uint8Array.from(header);
      this.#dirty = true;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.onTrouble?.('unreadable');
    }
  }

  /** A shown key frame: nothing that follows refers to what was before (7.20 and 7.21). */
  #isKey(header: Uint8Array): boolean {
    if (this.#sequence?.reduced) return true;
    const first = header[0] ?? 0x80;
    const shownAgain = (first & 0x80) !== 0; // show_existing_frame
    return !shownAgain && ((first >> 5) & 3) === KEY_FRAME && (first & 0x10) !== 0; // frame_type, show_frame
  }

  #trackNow(): VideoTrack | null {
    if (!this.#dirty || !this.#header || !this.#sequence) return null;
    this.#dirty = false;
    const track = videoTrackFromConfiguration('av1', writeRecord(this.#sequence, this.#header));
    // Decoders read the header that comes with each key frame; players are told of what is to be seen.
    if (this.#track && formatOf(this.#track) === formatOf(track)) return null;
    this.#track = track;
    return track;
  }

  #keep(units: readonly Unit[]): void {
    for (const unit of units) {
      if (unit.type === Obu.Sequence) this.#take(unit.payload);
      if (this.#pending.length < 16 && unit.bytes.length < 4096) this.#pending.push(unit);
    }
  }
}

function formatOf({ codecString, width, height, chroma, bitDepth }: VideoTrack): string {
  return [codecString.slice(0, 6), width, height, chroma, bitDepth].join('/');
}

function isFrame({ type }: Unit): boolean {
  return type === Obu.Frame || type === Obu.FrameHeader || type === Obu.TileGroup;
}

/** Null when the sizes lead nowhere, or to too many units. */
function unitsOf(data: Uint8Array): Unit[] | null {
  const units: Unit[] = [];
  let at = 0;
  while (at < data.length) {
    if (units.length === MAX_UNITS) return null;
    const start = at;
    const header = data[at]!;
    if ((header & 0x80) !== 0) return null; // obu_forbidden_bit
    at += (header & 4) === 0 ? 1 : 2;
    const sized = (header & 2) !== 0;
    let size = data.length - at;
    if (sized) {
      try {
        const field = leb128(data, at);
        at = field.next;
        size = field.value;
      } catch (error) {
        if (error instanceof CodedError) return null;
        throw error;
      }
    }
    if (size < 0 || at + size > data.length) return null;
    const type = (header >> 3) & 0xf;
    units.push({ type, payload: data.subarray(at, at + size), bytes: data.subarray(start, at + size), sized });
    at += size;
  }
  return units.length > 0 ? units : null;
}

/** One after the other, each with its size. */
function joined(units: readonly Unit[]): Uint8Array {
  const parts = units.flatMap((unit) => {
    if (unit.sized) return [unit.bytes];
    const headerBytes = unit.bytes.length - unit.payload.length;
    const head = Uint8Array.from(unit.bytes.subarray(0, headerBytes));
    head[0] = head[0]! | 2;
    return [head, writeLeb128(unit.payload.length), unit.payload];
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function writeLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3). */
function writeRecord(sequence: Av1Sequence, header: Uint8Array): Uint8Array {
  const { profile, level, highTier, bitDepth, chroma, subsamplingX, subsamplingY, chromaSamplePosition } = sequence;
  const flags =
    (highTier ? 0x80 : 0) |
    (bitDepth > 8 ? 0x40 : 0) |
    (bitDepth === 12 ? 0x20 : 0) |
    (chroma === '4:0:0' ? 0x10 : 0) |
    (subsamplingX ? 8 : 0) |
    (subsamplingY ? 4 : 0) |
    chromaSamplePosition;
  const unit = [(Obu.Sequence << 3) | 2, ...writeLeb128(header.length), ...header];
  return Uint8Array.from([0x81, (profile << 5) | level, flags, 0, ...unit]);
}
