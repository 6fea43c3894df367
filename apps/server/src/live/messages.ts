/** From messages to bytes. A message is written once and the same bytes go to all who get it. */
import type { Analysis, ServerMessage } from '@media-analyzer/protocol';

/** Bytes of a text frame. Never changed after: many sockets share them. */
export function encodeMessage(message: ServerMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** An analysis for all subscribers. Only `missed` differs from client to client, and it is 0 for whoever keeps up. */
export class AnalysisMessage {
  readonly streamId: string;
  /** Without the closing `,"missed":0}`. */
  readonly #head: Buffer;
  #complete: Buffer | undefined;

  constructor(analysis: Analysis) {
    this.streamId = analysis.streamId;
    this.#head = Buffer.from(JSON.stringify({ type: 'analysis', ...analysis }).slice(0, -1));
  }

  get byteLength(): number {
    return this.#head.byteLength;
  }

  /** @param missed analyses of this stream that this client did not get since the last one */
  encode(missed: number): Buffer {
    if (missed > 0) return this.#withMissed(missed);
    this.#complete ??= this.#withMissed(0);
    return this.#complete;
  }

  #withMissed(missed: number): Buffer {
    return Buffer.concat([this.#head, Buffer.from(`,"missed":${missed}}`)]);
  }
}
