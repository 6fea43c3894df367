import type { CodedSample, ErrorCode, Track, UnsupportedTrack } from '@media-analyzer/protocol';
import type { SourceTrouble } from './source-watch.js';

/** Longest name of an encoder that is kept, characters. */
const MAX_ENCODER_NAME = 200;

/** Why a publisher was cut off. */
export interface SourceFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Where a publisher's media go. After the session took another publisher, or ended, the calls do nothing. */
export interface SinkTarget {
  track(track: Track | UnsupportedTrack): void;
  sample(sample: CodedSample): void;
  /** Something is odd about the media. */
  trouble(trouble: SourceTrouble, kind: Track['kind']): void;
  /** The encoder's name, as it gives it itself. */
  encoder(name: string): void;
  /** The encoder says that it will send these. */
  promises(kinds: readonly Track['kind'][]): void;
  /** The publisher is gone. `failure`: why it was cut off. */
  end(reason: string, failure: SourceFailure | null): void;
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

  onTrouble(trouble: SourceTrouble, kind: Track['kind']): void {
    this.#target.trouble(trouble, kind);
  }

  onMetadata(metadata: Record<string, unknown>): void {
    const { encoder, videocodecid, audiocodecid } = metadata;
    this.#target.promises([
      ...(isCodec(videocodecid) ? ['video' as const] : []),
      ...(isCodec(audiocodecid) ? ['audio' as const] : []),
    ]);
    if (typeof encoder === 'string' && encoder !== '') this.#target.encoder(encoder.slice(0, MAX_ENCODER_NAME));
  }

  onEnd(reason: { readonly kind: string; readonly code?: ErrorCode; readonly message?: string }): void {
    const { kind, code, message } = reason;
    this.#target.end(code ?? kind, kind === 'failed' && code ? { code, message: message ?? code } : null);
  }
}

/** What stands for a codec: a number of FLV (E.4) or, in Enhanced RTMP, four characters. Encoders write 0 for none. */
function isCodec(id: unknown): boolean {
  return (typeof id === 'number' && id > 0) || (typeof id === 'string' && id !== '');
}
