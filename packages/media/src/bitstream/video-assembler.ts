import type { CodedSample, KeyframeEntry, VideoCodec, VideoTrack } from '@media-analyzer/protocol';
import type { ParameterTrouble, Picture, UnitReader } from './access-unit.js';
import { av1Units } from './av1-units.js';
import { EntryPolicy } from './entry-policy.js';
import { h264Units } from './h264-units.js';
import { hevcUnits } from './hevc-units.js';

/** A published message with video in it. */
export interface VideoMessage {
  readonly data: Uint8Array;
  /** The container says that it is a keyframe. */
  readonly claimed: boolean;
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly capturedAt: number;
}

/** Why pictures, or pieces of them, were left out. */
export type PictureDropReason =
  | 'before_configuration' // nothing has said yet how to decode it
  | 'broken' // lengths that lead nowhere, or no unit of the codec
  | 'incomplete'; // a piece of a picture whose beginning is gone, and what cannot be decoded after a loss

/** Told, in order, what comes of the messages. */
export interface AssemblerListener {
  onTrack(track: VideoTrack): void;
  onSample(sample: CodedSample): void;
  onDropped(reason: PictureDropReason): void;
  onTrouble(trouble: ParameterTrouble): void;
}

/** Pictures of a publisher that are looked at for pieces to come before it is known to send whole ones. */
const PROBED_PICTURES = 8;
/** Bytes of a picture that comes in pieces: as of one that comes in one message. */
const MAX_PICTURE_BYTES = 8 * 1024 * 1024;
/** The pieces of a picture come one right after the other; a picture that was held this long is whole, ms. */
const HELD_MS = 40;
const USUAL_FRAME_MS = 1000 / 30;

interface Held {
  readonly picture: Picture;
  readonly data: Uint8Array[];
  bytes: number;
  readonly dtsMs: number;
  readonly ptsMs: number;
  capturedAt: number;
}

const READERS: Readonly<Record<VideoCodec, () => UnitReader>> = { h264: h264Units, hevc: hevcUnits, av1: av1Units };

/**
 * Makes coded samples of published video messages: one a picture, with what the bitstream says about it. Whatever the container
 * claims, a sample that leaves here is a whole picture in the form that consumers expect, and a keyframe is one.
 */
export class VideoAssembler {
  readonly #reader: UnitReader;
  readonly #listener: AssemblerListener;
  readonly #policy = new EntryPolicy();
  #track: VideoTrack | null = null;
  /** A picture that pieces may still come for. */
  #held: Held | null = null;
  /** Pictures come in pieces; until that is known, so many more are looked at. */
  #inPieces = false;
  #probesLeft = PROBED_PICTURES;
  #timer: NodeJS.Timeout | null = null;
  /** Something was lost that the pictures up to the next keyframe need. */
  #broken = false;
  /** PTS of the open keyframe whose leading pictures may follow, ms. */
  #openPtsMs: number | null = null;
  #lastMessageMs: number | null = null;

  constructor(codec: VideoCodec, listener: AssemblerListener) {
    this.#reader = READERS[codec]();
    this.#listener = listener;
    this.#reader.onTrouble = (trouble) => listener.onTrouble(trouble);
  }

  /** Takes a sequence header. @throws CodedError `codec_configuration_invalid`, `bitstream_invalid` */
  configure(record: Uint8Array): void {
    const track = this.#reader.configure(record);
    if (track) this.#announce(track);
  }

  message(message: VideoMessage): void {
    const { data, claimed, dtsMs } = message;
    const pictures = this.#reader.read(data, claimed, dtsMs);
    if (pictures === 'no_picture') return;
    if (pictures === 'broken') {
      this.flush();
      this.#listener.onDropped('broken');
      this.#broken ||= claimed;
      return;
    }
    const stepMs = pictures.length > 1 ? this.#frameMs(dtsMs, pictures.length) : 0;
    this.#lastMessageMs = dtsMs;
    for (let i = 0; i < pictures.length; i += 1) this.#place(pictures[i]!, message, i * stepMs);
  }

  /** Other media of this decode time came: a picture from before it is whole. */
  advance(timeMs: number): void {
    if (this.#held && timeMs > this.#held.dtsMs) this.flush();
  }

  /** No more pieces come for the picture that is held. */
  flush(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#emit(held.picture, { ...held, data: held.data.length === 1 ? held.data[0]! : concat(held.data) });
  }

  #place(picture: Picture, message: VideoMessage, offsetMs: number): void {
    const dtsMs = message.dtsMs + offsetMs;
    const ptsMs = message.ptsMs + offsetMs;
    const { capturedAt } = message;
    if (picture.continues) {
      this.#continue(picture, dtsMs, capturedAt);
      return;
    }
    this.flush();
    if (!this.#inPieces && this.#probesLeft === 0) {
      this.#emit(picture, { data: picture.data, dtsMs, ptsMs, capturedAt });
      return;
    }
    if (!this.#inPieces) this.#probesLeft -= 1;
    this.#held = { picture, data: [picture.data], bytes: picture.data.length, dtsMs, ptsMs, capturedAt };
    this.#timer = setTimeout(() => this.flush(), HELD_MS);
    this.#timer.unref();
  }

  #continue({ data }: Picture, dtsMs: number, capturedAt: number): void {
    const held = this.#held;
    if (held?.dtsMs === dtsMs && held.bytes + data.length <= MAX_PICTURE_BYTES) {
      held.data.push(data);
      held.bytes += data.length;
      held.capturedAt = capturedAt;
      this.#inPieces = true;
      return;
    }
    // Its beginning went out as a whole picture, or never came.
    this.#inPieces = true;
    this.#broken = true;
    this.#listener.onDropped('incomplete');
  }

  #emit(picture: Picture, timing: Pick<CodedSample, 'data' | 'dtsMs' | 'ptsMs' | 'capturedAt'>): void {
    const { dtsMs, ptsMs } = timing;
    if (picture.track) this.#announce(picture.track);
    if (!this.#track) {
      this.#listener.onDropped('before_configuration');
      return;
    }
    const { entry } = picture;
    const keyframe = entry !== null && (this.#policy.accepts(entry, dtsMs) || picture.track !== null);
    if (this.#broken && !keyframe) {
      this.#listener.onDropped('incomplete');
      return;
    }
    this.#broken = false;
    if (keyframe) this.#openPtsMs = entry === 'open' ? ptsMs : null;
    const leading = !keyframe && (picture.leading ?? (this.#openPtsMs !== null && ptsMs < this.#openPtsMs));
    const { data, capturedAt } = timing;
    const sample: CodedSample = { kind: 'video', ptsMs, dtsMs, keyframe, data, capturedAt };
    if (keyframe && entry !== 'closed') this.#listener.onSample({ ...sample, entry: entry satisfies KeyframeEntry });
    else this.#listener.onSample(leading ? { ...sample, leading } : sample);
  }

  #announce(track: VideoTrack): void {
    this.#track = track;
    this.#listener.onTrack(track);
  }

  /** How far apart the pictures of one message are. */
  #frameMs(dtsMs: number, count: number): number {
    const sinceMs = this.#lastMessageMs === null ? 0 : dtsMs - this.#lastMessageMs;
    if (sinceMs > 0) return sinceMs / count;
    const rate = this.#track?.frameRate;
    return rate ? 1000 / rate : USUAL_FRAME_MS;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
