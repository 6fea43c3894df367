import type { CodedSample, Track, UnsupportedTrack } from '@media-analyzer/protocol';

/** Longest name of an encoder that is kept, characters. */
const MAX_ENCODER_NAME = 200;

/** Where a publisher's media go. After the session took another publisher, or ended, the calls do nothing. */
export interface SinkTarget {
  track(track: Track | UnsupportedTrack): void;
  sample(sample: CodedSample): void;
  /** The encoder's name, as it gives it itself. */
  encoder(name: string): void;
  /** The publisher is gone; an error code or the kind of its end. */
  end(reason: string): void;
}

/** The session's end of one publisher's connection, in the shape that the RTMP server asks for. */
export class SessionSink {
  readonly #target: SinkTarget;

  constructor(target: SinkTarget) {
    this.#target = target;
  }

  onTrack(track: Track | UnsupportedTrack): void {
    this.#target.track(track);
  }

  onSample(sample: CodedSample): void {
    this.#target.sample(sample);
  }

  onMetadata(metadata: Record<string, unknown>): void {
    const { encoder } = metadata;
    if (typeof encoder === 'string' && encoder !== '') this.#target.encoder(encoder.slice(0, MAX_ENCODER_NAME));
  }

  onEnd(reason: { readonly kind: string; readonly code?: string }): void {
    this.#target.end(reason.code ?? reason.kind);
  }
}
