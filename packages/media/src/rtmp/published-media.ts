import {
  type AudioCodec,
  CodedError,
  type CodedSample,
  type Track,
  type UnsupportedTrack,
  type VideoCodec,
} from '@media-analyzer/protocol';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../bitstream/index.js';
import { readAudioTag } from './flv-audio.js';
import type { FlvPacket } from './flv-packet.js';
import { readVideoTag } from './flv-video.js';
import { MessageType, type RtmpMessage } from './messages.js';
import { SAMPLE_DROP_REASONS, type SampleDropReason } from './types.js';

type Kind = 'video' | 'audio';

/** What to set in the encoder, for the message of `codec_unsupported`. */
const ADVICE: Readonly<Record<Kind, string>> = { video: 'H.264, HEVC or AV1', audio: 'AAC or Opus' };
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
  /** The first time that an encoder sends more than one track of a kind. */
  onOtherTracks(kind: Kind): void;
}

interface TrackState {
  /** Codec of the track that samples are passed on for; null before it and while the source sends something else. */
  codec: VideoCodec | AudioCodec | null;
  /** Bytes of the newest configuration, usable or not: encoders repeat them with every keyframe. */
  configuration: Buffer | null;
  readonly unusable: Set<string>;
  others: boolean;
}

/** Turns audio and video messages of one publish into tracks and coded samples. */
export class PublishedMedia {
  readonly #consumer: MediaConsumer;
  readonly #counts: SampleCounts;
  readonly #states: Readonly<Record<Kind, TrackState>> = { video: newState(), audio: newState() };
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
      case 'frame': {
        if (state.codec !== packet.codec) {
          this.#counts.dropped[state.unusable.has(packet.codec) ? 'unsupported_codec' : 'before_configuration']++;
          return;
        }
        if (packet.otherTracks > 0) this.#dropOtherTracks(kind, state, packet.otherTracks);
        this.#counts.samples[kind]++;
        const { data } = packet;
        const dtsMs = timeMs + packet.fractionMs;
        this.#consumer.onSample({
          kind,
          ptsMs: dtsMs + packet.compositionMs,
          dtsMs,
          keyframe: packet.keyframe,
          // A view of the message's own memory: the bytes were copied once, by the chunk reader. Not a Buffer, whose
          // `slice` would surprise the consumer.
          data: new Uint8Array(data.buffer, data.byteOffset, data.length),
          capturedAt,
        });
        return;
      }
      case 'configuration':
        this.#configure(kind, state, packet.codec, packet.configuration);
        return;
      case 'unsupported':
        this.#counts.dropped.unsupported_codec++;
        state.codec = null;
        state.configuration = null;
        this.#report(
          kind,
          state,
          packet.codec,
          new CodedError('codec_unsupported', { kind, codec: packet.codec, advice: ADVICE[kind] }),
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

  #configure(kind: Kind, state: TrackState, codec: VideoCodec | AudioCodec, bytes: Buffer): void {
    if (state.configuration?.equals(bytes) && (state.codec === codec || state.codec === null)) return;
    const configuration = Buffer.from(bytes);
    state.configuration = configuration;
    state.codec = null;
    let track: Track;
    try {
      track = trackOf(codec, Uint8Array.from(configuration));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#report(kind, state, codec, error);
      return;
    }
    state.codec = codec;
    state.unusable.delete(codec);
    this.#consumer.onTrack(track);
  }

  #dropOtherTracks(kind: Kind, state: TrackState, count: number): void {
    this.#counts.dropped.other_track += count;
    if (!state.others) this.#consumer.onOtherTracks(kind);
    state.others = true;
  }

  #report(kind: Kind, state: TrackState, codec: string, error: CodedError): void {
    if (state.unusable.has(codec) || state.unusable.size >= MAX_REPORTED_CODECS) return;
    state.unusable.add(codec);
    this.#consumer.onTrack({ kind, codec });
    this.#consumer.onUnusable(error);
  }
}

function trackOf(codec: VideoCodec | AudioCodec, configuration: Uint8Array): Track {
  return codec === 'aac' || codec === 'opus'
    ? audioTrackFromConfiguration(codec, configuration)
    : videoTrackFromConfiguration(codec, configuration);
}

function newState(): TrackState {
  return { codec: null, configuration: null, unusable: new Set(), others: false };
}
