import { CodedError, type Track, type UnsupportedTrack } from '@media-analyzer/protocol';
import { unsupportedDetails } from './track-info.js';

/** A picture that could not be decoded is the stream's problem for so long, ms; then it has passed. */
const DECODE_PROBLEM_MS = 10_000;

/** What is wrong with a session right now. */
export class SessionProblems {
  #storage: CodedError | null = null;
  #unsupported: UnsupportedTrack | null = null;
  #decoding: { readonly problem: CodedError; readonly until: number } | null = null;

  /** The most urgent one, or null. */
  get current(): CodedError | null {
    if (this.#storage) return this.#storage;
    if (this.#unsupported) return new CodedError('codec_unsupported', unsupportedDetails(this.#unsupported));
    return this.#decoding && this.#decoding.until > Date.now() ? this.#decoding.problem : null;
  }

  /** Why media are not stored, or null. */
  get storage(): CodedError | null {
    return this.#storage;
  }

  set storage(problem: CodedError | null) {
    this.#storage = problem;
  }

  /** Another publisher: what the one before sent is no problem any more. */
  newSource(): void {
    this.#unsupported = null;
  }

  unsupported(track: UnsupportedTrack): void {
    this.#unsupported = track;
  }

  /** A track of this kind can be carried after all. */
  supported(kind: Track['kind']): void {
    if (this.#unsupported?.kind === kind) this.#unsupported = null;
  }

  undecodable(problem: CodedError): void {
    this.#decoding = { problem, until: Date.now() + DECODE_PROBLEM_MS };
  }

  /** A new configuration: what could not be decoded before says nothing of it. */
  newTracks(): void {
    this.#decoding = null;
  }
}
