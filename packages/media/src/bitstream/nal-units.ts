import { CodedError, type KeyframeEntry, type VideoTrack } from '@media-analyzer/protocol';
import {
  MAX_PICTURES,
  type MessageFault,
  type ParameterTrouble,
  type Picture,
  type UnitReader,
} from './access-unit.js';
import { videoTrackFromConfiguration } from './index.js';
import { type Framing, NalFraming, type NalSpans, withLengths } from './nal-framing.js';
import { type ParameterSet, ParameterSets, sameBytes, sameSet } from './parameter-sets.js';

/** What a NAL unit is for. */
export type NalRole =
  | 'slice'
  | 'set' // parameter set
  | 'before' // belongs to the picture that follows it
  | 'delimiter' // says that a picture begins, or a sequence ends
  | 'filler'
  | 'after'; // belongs to the picture before it, or nobody knows

/** Where the units of one picture lie among those of a message. */
export interface UnitRange {
  readonly data: Uint8Array;
  readonly spans: NalSpans;
  /** Indices of the first unit and behind the last one. */
  readonly from: number;
  readonly to: number;
}

/** What H.264 and HEVC do differently. */
export interface NalGrammar {
  readonly codec: 'h264' | 'hevc';
  readonly headerBytes: number;
  /** Whether a unit can begin with this byte. */
  isUnit(data: Uint8Array, at: number): boolean;
  role(data: Uint8Array, at: number): NalRole;
  /** Whether the slice is the first one of a picture. */
  startsPicture(data: Uint8Array, at: number): boolean;
  /** Two first slices: whether they are the two fields of one frame. */
  sameFrame(first: Uint8Array, second: Uint8Array, sets: ParameterSets): boolean;
  entry(range: UnitRange, claimed: boolean): KeyframeEntry | null;
  leading(data: Uint8Array, at: number): boolean | null;
  readSet(nal: Uint8Array): Pick<ParameterSet, 'type' | 'id' | 'parent'>;
  /** @throws CodedError `codec_configuration_invalid` */
  readRecord(record: Uint8Array): { readonly sets: readonly Uint8Array[]; readonly lengthSize: number };
  writeRecord(sets: readonly ParameterSet[]): Uint8Array;
  /** The sets that a picture with this slice needs, and those beside them that fit the same configuration. */
  inForce(sets: ParameterSets, slice: Uint8Array): readonly ParameterSet[];
  /** What players have to be told of when it changes: profile, size, shape, sampling. @throws CodedError */
  formatOf(sets: readonly ParameterSet[]): string;
}

/** What waits for the next picture is bounded, bytes; captions and timecodes are far below. */
const MAX_PENDING_BYTES = 64 * 1024;
/** Changes of parameter sets within the window below that players are told of, although the picture stays the same. */
const MAX_QUIET_CHANGES = 6;
const QUIET_CHANGES_MS = 60_000;

/** Reads messages of NAL units. */
export class NalUnitReader implements UnitReader {
  onTrouble: ((trouble: ParameterTrouble) => void) | null = null;
  readonly #framing: NalFraming;
  readonly #sets: ParameterSets;
  readonly #spans: NalSpans = [];
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #track: VideoTrack | null = null;
  #configured: readonly ParameterSet[] = [];
  #format = '';
  /** The sets in force may differ from those that were told. */
  #dirty = false;
  #changes: number[] = [];

  constructor(private readonly grammar: NalGrammar) {
    this.#framing = new NalFraming((data, at) => grammar.isUnit(data, at));
    this.#sets = new ParameterSets(grammar.headerBytes, (nal) => grammar.readSet(nal));
  }

  get codec(): 'h264' | 'hevc' {
    return this.grammar.codec;
  }

  configure(record: Uint8Array): VideoTrack | null {
    const { grammar } = this;
    const { sets, lengthSize } = grammar.readRecord(record);
    this.#framing.lengthSize = lengthSize;
    this.#sets.clear();
    for (const nal of sets) this.#sets.take(nal);
    this.#dirty = true;
    // A later header is believed when a keyframe bears it out: some contradict what comes in band, again and again.
    if (this.#track) return null;
    const { all } = this.#sets;
    const asIs = record[0] === 1 && lengthSize === 4;
    this.#setTrack(videoTrackFromConfiguration(grammar.codec, asIs ? record : grammar.writeRecord(all)), all);
    return this.#track;
  }

  read(data: Uint8Array, claimed: boolean, atMs: number): readonly Picture[] | MessageFault {
    const spans = this.#spans;
    const framing = this.#framing.find(data, spans);
    if (framing === null || this.#holdsTooMany(data)) return 'broken';
    const pictures: Picture[] = [];
    let from = 0; // first unit of the picture
    let slice = -1; // its first slice
    let next = -1; // first unit behind its slices that belongs to the next picture
    for (let i = 0; i < spans.length; i += 2) {
      const at = spans[i]!;
      const role = this.grammar.role(data, at);
      if (role === 'slice') {
        if (slice >= 0 && this.grammar.startsPicture(data, at) && !this.#sameFrame(data, slice, i)) {
          const to = next >= 0 ? next : i;
          pictures.push(this.#picture({ data, spans, from, to }, { slice, claimed, framing: 'other', atMs }));
          from = to;
          slice = i;
        } else if (slice < 0) slice = i;
        next = -1;
      } else if (slice >= 0 && next < 0 && role !== 'after' && role !== 'filler') next = i;
    }
    const range: UnitRange = { data, spans, from, to: spans.length };
    if (slice < 0) {
      this.#keep(range);
      return 'no_picture';
    }
    const own = pictures.length > 0 ? 'other' : framing;
    pictures.push(this.#picture(range, { slice, claimed: claimed && from === 0, framing: own, atMs }));
    return pictures;
  }

  /** Two first slices a picture are its fields. */
  #holdsTooMany(data: Uint8Array): boolean {
    let first = 0;
    for (let i = 0; i < this.#spans.length; i += 2) {
      const at = this.#spans[i]!;
      if (this.grammar.role(data, at) === 'slice' && this.grammar.startsPicture(data, at)) first += 1;
    }
    return first > 2 * MAX_PICTURES;
  }

  #sameFrame(data: Uint8Array, first: number, second: number): boolean {
    const spans = this.#spans;
    const unit = (i: number): Uint8Array => data.subarray(spans[i], spans[i + 1]);
    return this.grammar.sameFrame(unit(first), unit(second), this.#sets);
  }

  #picture(
    range: UnitRange,
    { slice, claimed, framing, atMs }: { slice: number; claimed: boolean; framing: Framing; atMs: number },
  ): Picture {
    const { grammar } = this;
    const { data, spans } = range;
    const at = spans[slice]!;
    for (let i = range.from; i < range.to; i += 2)
      if (grammar.role(data, spans[i]!) === 'set') this.#take(data.subarray(spans[i], spans[i + 1]));
    const continues = !grammar.startsPicture(data, at);
    const entry = continues ? null : grammar.entry(range, claimed || this.#holdsSets());
    const track = entry === null ? null : this.#trackFor(data.subarray(at, spans[slice + 1]), atMs);
    const extra = entry === null ? [] : this.#untold(range);
    const leading = grammar.leading(data, at);
    return { data: this.#write(range, framing, extra), entry, continues, leading, track };
  }

  /** Parameter sets that came by themselves announce a keyframe as those in the same message do. */
  #holdsSets(): boolean {
    return this.#pending.some((unit) => this.grammar.role(unit, 0) === 'set');
  }

  #take(nal: Uint8Array): void {
    try {
      if (this.#sets.take(nal)) this.#dirty = true;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.onTrouble?.('unreadable');
    }
  }

  /** What players have to be told before a picture that decoding can start with, or null. */
  #trackFor(slice: Uint8Array, atMs: number): VideoTrack | null {
    if (!this.#dirty) return null;
    const { grammar } = this;
    try {
      const needed = grammar.inForce(this.#sets, slice);
      if (needed.length === 0) return null;
      const format = grammar.formatOf(needed);
      // Several sets side by side: each keyframe may take another one.
      this.#dirty = this.#sets.of(needed[0]!.type).length > 1;
      const told = needed.every((set) => this.#isTold(set));
      if (this.#track && told && format === this.#format) return null;
      if (this.#track && format === this.#format && !this.#mayChangeQuietly(atMs)) return null;
      this.#setTrack(videoTrackFromConfiguration(grammar.codec, grammar.writeRecord(needed)), needed);
      return this.#track;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#dirty = false;
      this.onTrouble?.('unreadable');
      return null;
    }
  }

  #setTrack(track: VideoTrack, sets: readonly ParameterSet[]): void {
    this.#track = track;
    this.#configured = sets;
    this.#format = this.grammar.formatOf(sets);
  }

  #isTold(set: ParameterSet): boolean {
    return this.#configured.some((told) => sameSet(told, set));
  }

  #mayChangeQuietly(atMs: number): boolean {
    this.#changes = this.#changes.filter((before) => Math.abs(atMs - before) < QUIET_CHANGES_MS);
    if (this.#changes.length >= MAX_QUIET_CHANGES) {
      this.#dirty = true;
      this.onTrouble?.('unstable');
      return false;
    }
    this.#changes.push(atMs);
    return true;
  }

  /** Sets in force that players were not told of, and that the picture does not bring along. */
  #untold({ data, spans, from, to }: UnitRange): Uint8Array[] {
    if (!this.#dirty || !this.#track) return [];
    const brings = (set: ParameterSet): boolean => {
      for (let i = from; i < to; i += 2) if (sameBytes(data.subarray(spans[i], spans[i + 1]), set.nal)) return true;
      return false;
    };
    return this.#sets.all.filter((set) => !this.#isTold(set) && !brings(set)).map(({ nal }) => nal);
  }

  /** The picture's bytes: those of the message where they can stay as they are. */
  #write({ data, spans, from, to }: UnitRange, framing: Framing, extra: readonly Uint8Array[]): Uint8Array {
    const before = [...extra, ...this.#pending];
    if (framing === 'lengths' && before.length === 0) return data;
    this.#pending = [];
    this.#pendingBytes = 0;
    const units: Uint8Array[] = [];
    for (let i = from; i < to; i += 2) {
      if (this.grammar.role(data, spans[i]!) !== 'filler') units.push(data.subarray(spans[i], spans[i + 1]));
    }
    // A delimiter stays the first unit of its picture.
    const head = units.length > 0 && this.grammar.role(units[0]!, 0) === 'delimiter' ? units.splice(0, 1) : [];
    return withLengths([...head, ...before, ...units]);
  }

  /** Units without a picture wait for the next one; delimiters and filler say nothing that would be missed. */
  #keep({ data, spans, from, to }: UnitRange): void {
    for (let i = from; i < to; i += 2) {
      const unit = data.subarray(spans[i], spans[i + 1]);
      const role = this.grammar.role(unit, 0);
      if (role === 'set') this.#take(unit);
      if (role !== 'set' && role !== 'before') continue;
      if (this.#pendingBytes + unit.length > MAX_PENDING_BYTES) continue;
      this.#pending.push(unit);
      this.#pendingBytes += unit.length;
    }
  }
}
