import { CodedError, type Track, type UnsupportedTrack } from '@media-analyzer/protocol';
import { unsupportedDetails } from './track-info.js';

/** A picture that could not be decoded is the stream's problem for so long, ms; then it has passed. */
const DECODE_PROBLEM_MS = 10_000;

/** What is wrong with a session right now. */
export class SessionProblems {
  #storage: CodedError | null = null;
  readonly #unsupported = new Map<Track['kind'], UnsupportedTrack>();
  #decoding: { readonly problem: CodedError; readonly until: number } | null = null;

  /** The most urgent one, or null. */
  get current(): CodedError | null {
    if (this.#storage) return this.#storage;
    const [unsupported] = this.unsupportedTracks;
    if (unsupported) return unsupported;
    return this.#decoding && this.#decoding.until > Date.now() ? this.#decoding.problem : null;
  }

  /** What cannot be carried of what the publisher sends, one error a kind; the picture's first. */
  get unsupportedTracks(): CodedError[] {
    return (['video', 'audio'] as const)
      .flatMap((kind) => this.#unsupported.get(kind) ?? [])
      .map((track) => track.error ?? new CodedError('codec_unsupported', unsupportedDetails(track)));
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
    this.#unsupported.clear();
  }

  unsupported(track: UnsupportedTrack): void {
    this.#unsupported.set(track.kind, track);
  }

  /** A track of this kind can be carried after all. */
  supported(kind: Track['kind']): void {
    this.#unsupported.delete(kind);
  }

  undecodable(problem: CodedError): void {
    this.#decoding = { problem, until: Date.now() + DECODE_PROBLEM_MS };
  }

  /** A new configuration: what could not be decoded before says nothing of it. */
  newTracks(): void {
    this.#decoding = null;
  }
}
