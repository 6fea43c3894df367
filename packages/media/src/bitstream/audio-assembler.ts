import type { AudioCodec, AudioTrack, CodedError, CodedSample } from '@media-analyzer/protocol';
import { readAudioSpecificConfig } from './aac.js';
import { readAdtsHeader, splitAdts } from './adts.js';
import { audioTrackFromConfiguration } from './index.js';
import { sameBytes } from './parameter-sets.js';
import { readable } from './readable.js';

/** A published message with sound in it. */
export interface AudioMessage {
  readonly data: Uint8Array;
  /** When it is heard, ms. */
  readonly ptsMs: number;
  readonly capturedAt: number;
}

/** Told, in order, what comes of the messages. */
export interface AudioListener {
  onTrack(track: AudioTrack): void;
  onSample(sample: CodedSample): void;
  /** What the source says of its sound cannot be read, or cannot be carried: said once, until it says something else. */
  onUnusable(error: CodedError): void;
  /** Nothing has said yet how to decode it. */
  onDropped(reason: 'before_configuration'): void;
}

/**
 * Makes coded samples of published sound: raw access units, whatever framing they came in. Where ADTS frames say of
 * themselves what they are, that is believed, whether a sequence header says something else or nothing.
 */
export class AudioAssembler {
  readonly #codec: AudioCodec;
  readonly #listener: AudioListener;
  #track: AudioTrack | null = null;
  /** The newest sequence header, usable or not: encoders repeat it. */
  #header: Uint8Array | null = null;
  /** What the newest ADTS frame said, and how long one lasts, ms. */
  #adts: { readonly configuration: Uint8Array; readonly frameMs: number } | null = null;

  constructor(codec: AudioCodec, listener: AudioListener) {
    this.#codec = codec;
    this.#listener = listener;
  }

  /** Takes a sequence header. */
  configure(header: Uint8Array): void {
    if (this.#header && sameBytes(this.#header, header)) return;
    this.#header = header;
    this.#track = null;
    this.#adts = null;
    // One made of an ADTS header would have an object type that does not exist.
    const adts = this.#codec === 'aac' ? readAdtsHeader(header) : null;
    this.#announce(adts?.configuration ?? header);
  }

  message({ data, ptsMs, capturedAt }: AudioMessage): void {
    const frames = this.#codec === 'aac' ? splitAdts(data) : null;
    if (!frames) {
      this.#emit(data, ptsMs, capturedAt);
      return;
    }
    for (const [i, frame] of frames.entries()) {
      this.#adopt(frame.configuration);
      this.#emit(frame.data, ptsMs + i * (this.#adts?.frameMs ?? 0), capturedAt);
    }
  }

  /** What a frame says of itself becomes the track, unless the sequence header says the same, or the same and more. */
  #adopt(configuration: Uint8Array): void {
    if (this.#adts && sameBytes(this.#adts.configuration, configuration)) return;
    const format = readable(() => readAudioSpecificConfig(configuration));
    this.#adts = { configuration, frameMs: format ? (1000 * format.frameSamples) / format.sampleRate : 0 };
    if (this.#track) {
      const told = readAudioSpecificConfig(this.#track.configuration);
      if (!format || (told.coreRate === format.coreRate && told.coreChannels === format.coreChannels)) return;
    }
    this.#announce(configuration);
  }

  #announce(configuration: Uint8Array): void {
    this.#track = readable(
      () => audioTrackFromConfiguration(this.#codec, configuration),
      (error) => this.#listener.onUnusable(error),
    );
    if (this.#track) this.#listener.onTrack(this.#track);
  }

  #emit(data: Uint8Array, ptsMs: number, capturedAt: number): void {
    if (this.#track) this.#listener.onSample({ kind: 'audio', ptsMs, dtsMs: ptsMs, keyframe: true, data, capturedAt });
    else this.#listener.onDropped('before_configuration');
  }
}
