import {
  type AudioCodec,
  CodedError,
  type CodedSample,
  type Track,
  type UnsupportedTrack,
  type VideoCodec,
} from '@media-analyzer/protocol';
import { AudioAssembler } from '../bitstream/audio-assembler.js';
import { readable } from '../bitstream/readable.js';
import { type PictureDropReason, VideoAssembler } from '../bitstream/video-assembler.js';
import { readAudioTag } from './flv-audio.js';
import type { FlvPacket } from './flv-packet.js';
import { readVideoTag } from './flv-video.js';
import { MessageType, type RtmpMessage } from './messages.js';
import { type MediaTrouble, SAMPLE_DROP_REASONS, type SampleDropReason } from './types.js';

type Kind = 'video' | 'audio';
type Frame = Extract<FlvPacket<VideoCodec | AudioCodec>, { type: 'frame' }>;

/** What to set in the encoder, for the message of `codec_unsupported`. */
const ADVICE: Readonly<Record<Kind, string>> = { video: 'H.264, HEVC or AV1', audio: 'AAC or Opus' };
const NAMES: Readonly<Record<Kind, string>> = { video: 'Video', audio: 'Audio' };
/** Different unusable codecs reported per kind and publish; a peer that cycles through fourCCs says nothing new. */
const MAX_REPORTED_CODECS = 8;

/** Samples passed on, and those that were not, by reason. */
export interface SampleCounts {
  readonly samples: Record<Kind, number>;
  readonly dropped: Record<SampleDropReason, number>;
}

/** Before anything came. */
export function zeroSampleCounts(): SampleCounts {
  const dropped = Object.fromEntries(SAMPLE_DROP_REASONS.map((reason) => [reason, 0])) as Record<
    SampleDropReason,
    number
  >;
  return { samples: { video: 0, audio: 0 }, dropped };
}

/** What becomes of the media of one publish. */
export interface MediaConsumer {
  onTrack(track: Track | UnsupportedTrack): void;
  onSample(sample: CodedSample): void;
  /** A track cannot be carried, and why. At most eight a kind. */
  onUnusable(error: CodedError): void;
  onTrouble(trouble: MediaTrouble, kind: Kind): void;
  /** The first time that an encoder sends more than one track of a kind. */
  onOtherTracks(kind: Kind): void;
}

interface TrackState {
  readonly unusable: Set<string>;
  others: boolean;
}

/** Turns audio and video messages of one publish into tracks and coded samples. */
export class PublishedMedia {
  readonly #consumer: MediaConsumer;
  readonly #counts: SampleCounts;
  readonly #states: Readonly<Record<Kind, TrackState>> = { video: newState(), audio: newState() };
  #video: { readonly codec: VideoCodec; readonly assembler: VideoAssembler } | null = null;
  #audio: { readonly codec: AudioCodec; readonly assembler: AudioAssembler } | null = null;
  #lastTimestamp: number | null = null;
  #timeMs = 0;

  constructor(consumer: MediaConsumer, counts: SampleCounts) {
    this.#consumer = consumer;
    this.#counts = counts;
  }

  /** @param capturedAt Unix ms when the last byte of the message arrived. */
  receive(message: RtmpMessage, capturedAt: number): void {
    const timeMs = this.#extend(message.timestamp);
    if (message.type === MessageType.Video) this.#accept('video', readVideoTag(message.body), timeMs, capturedAt);
    else this.#accept('audio', readAudioTag(message.body), timeMs, capturedAt);
  }

  /** The publish is over: what is held back goes out. */
  end(): void {
    this.#video?.assembler.flush();
  }

  /**
   * Timestamps wrap after 49.7 days (5.3); the difference to the last one, read as signed, goes on from there. A step back
   * stays a step back: the session clock behind us decides what it means.
   */
  #extend(timestamp: number): number {
    this.#timeMs += this.#lastTimestamp === null ? timestamp : (timestamp - this.#lastTimestamp) | 0;
    this.#lastTimestamp = timestamp;
    return this.#timeMs;
  }

  #accept(kind: Kind, packet: FlvPacket<VideoCodec | AudioCodec>, timeMs: number, capturedAt: number): void {
    const state = this.#states[kind];
    switch (packet.type) {
      case 'frame':
        if (packet.otherTracks > 0) this.#dropOtherTracks(kind, state, packet.otherTracks);
        this.#frame(packet, timeMs + packet.fractionMs, capturedAt);
        return;
      case 'configuration':
        this.#configure(packet.codec, packet.configuration);
        return;
      case 'unsupported':
        this.#counts.dropped.unsupported_codec++;
        if (kind === 'video') this.#video = null;
        else this.#audio = null;
        this.#report(
          kind,
          packet.codec,
          new CodedError('codec_unsupported', { kind: NAMES[kind], codec: packet.codec, advice: ADVICE[kind] }),
        );
        return;
      case 'other_track':
        this.#dropOtherTracks(kind, state, 1);
        return;
      case 'malformed':
        this.#counts.dropped.malformed++;
        return;
      case 'ignored':
        return;
    }
  }

  #frame(packet: Frame, dtsMs: number, capturedAt: number): void {
    // A view of the message's memory. Not a Buffer, whose `slice` would surprise the consumer.
    const data = new Uint8Array(packet.data.buffer, packet.data.byteOffset, packet.data.length);
    const ptsMs = dtsMs + packet.compositionMs;
    if (isAudioCodec(packet.codec)) {
      this.#video?.assembler.advance(dtsMs);
      this.#audioFor(packet.codec).message({ data, ptsMs, capturedAt });
      return;
    }
    this.#videoFor(packet.codec).message({ data, claimed: packet.keyframe, dtsMs, ptsMs, capturedAt });
  }

  #configure(codec: VideoCodec | AudioCodec, bytes: Buffer): void {
    if (bytes.length === 0) return; // some send an empty header first, and what is in it later
    if (isAudioCodec(codec)) {
      this.#audioFor(codec).configure(Uint8Array.from(bytes));
      return;
    }
    readable(
      () => this.#videoFor(codec).configure(Uint8Array.from(bytes)),
      (error) => this.#report('video', codec, error),
    );
  }

  #videoFor(codec: VideoCodec): VideoAssembler {
    if (this.#video?.codec === codec) return this.#video.assembler;
    this.#video?.assembler.flush();
    const assembler = new VideoAssembler(codec, {
      ...this.#listener('video', codec),
      onTrouble: (trouble) => this.#consumer.onTrouble(`parameter_sets_${trouble}`, 'video'),
    });
    this.#video = { codec, assembler };
    return assembler;
  }

  #audioFor(codec: AudioCodec): AudioAssembler {
    if (this.#audio?.codec === codec) return this.#audio.assembler;
    const assembler = new AudioAssembler(codec, {
      ...this.#listener('audio', codec),
      onUnusable: (error) => this.#report('audio', codec, error),
    });
    this.#audio = { codec, assembler };
    return assembler;
  }

  /** What assemblers of both kinds tell. */
  #listener(kind: Kind, codec: VideoCodec | AudioCodec) {
    const { unusable } = this.#states[kind];
    return {
      onTrack: (track: Track): void => {
        unusable.delete(codec);
        this.#consumer.onTrack(track);
      },
      onSample: (sample: CodedSample): void => {
        this.#counts.samples[kind]++;
        this.#consumer.onSample(sample);
      },
      onDropped: (reason: PictureDropReason): void => {
        // Why was said when its configuration came.
        const known = reason === 'before_configuration' && unusable.has(codec);
        this.#counts.dropped[known ? 'unsupported_codec' : reason]++;
        if (!known) this.#consumer.onTrouble(reason === 'before_configuration' ? reason : 'damaged', kind);
      },
    };
  }

  #dropOtherTracks(kind: Kind, state: TrackState, count: number): void {
    this.#counts.dropped.other_track += count;
    if (!state.others) this.#consumer.onOtherTracks(kind);
    state.others = true;
  }

  /** @param codec what its frames are known by */
  #report(kind: Kind, codec: string, error: CodedError): void {
    const { unusable } = this.#states[kind];
    if (unusable.has(codec) || unusable.size >= MAX_REPORTED_CODECS) return;
    unusable.add(codec);
    const { codec: name = codec } = error.details;
    this.#consumer.onTrack({ kind, codec: String(name), error });
    this.#consumer.onUnusable(error);
  }
}

function isAudioCodec(codec: VideoCodec | AudioCodec): codec is AudioCodec {
  return codec === 'aac' || codec === 'opus';
}

function newState(): TrackState {
  return { unusable: new Set(), others: false };
}
