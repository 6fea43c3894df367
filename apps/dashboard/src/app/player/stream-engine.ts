import type { FrameClock } from '../overlay/frame-clock';

/** What can be watched, on the media element's timeline, seconds. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** Where a viewer of the live picture is meant to be; null for a session that is over. */
  readonly live: number | null;
}

/** Where to begin. The media element's timeline is another one after each opening, so a position is a date. */
export type StartAt =
  | { readonly kind: 'live' | 'beginning' }
  /** `at`: Unix ms on the session's clock; the nearest that there is when it is not (any more) in the playlist. */
  | { readonly kind: 'date'; readonly at: number };

export interface EngineError {
  /**
   * `not-ready`: there is no playlist yet. `network`: a request failed for good. `decoder`: the browser gave up on the media.
   * `codec`: the browser has no decoder for them. `other`: anything that only a new start helps against.
   */
  readonly kind: 'not-ready' | 'network' | 'decoder' | 'codec' | 'other';
  /** For the console and the log, in English. */
  readonly message: string;
  /** The playlist's CODECS, as far as they are known. */
  readonly codecs: string;
}

/** What an engine tells. */
export interface EngineListener {
  /** Media were added to the element's buffer. */
  buffered(): void;
  /** What has to be recovered from; nothing more comes until one of the engine's methods is called. */
  failed(error: EngineError): void;
  /**
   * The media that follow have other tracks than the element was opened for: sound came or went, picture came or went. They
   * can be played by a new engine only. `at`: where they begin, Unix ms on the session's clock; null while not known.
   */
  tracksChanged(at: number | null): void;
  /** The element is being emptied. */
  detached(): void;
  /** The element was given a source; it is paused. */
  attached(): void;
}

/** How to open a source. */
export interface OpenOptions {
  readonly url: string;
  readonly start: StartAt;
  /** Kept fed with what is known of the session's clock. */
  readonly clock: FrameClock;
  readonly listener: EngineListener;
}

/** Brings one source into one media element, from its opening to `destroy`. */
export interface StreamEngine {
  readonly window: Window | null;
  /** The distance that the playlist asks to keep to the live edge, seconds; null while not known. */
  readonly targetLatency: number | null;
  /** To where media were loaded from this place on without a break, also those that the element shows nothing of; null: none. */
  loadedThrough(mediaTime: number): number | null;
  /** Unix ms on the session's clock of a media time (seconds) by the playlist's dates, or null outside of it. */
  dateAt(mediaTime: number): number | null;
  /** Loads no more media but goes on telling where the live edge is. */
  hold(): void;
  /** Loads media again after `hold`. */
  release(): void;
  /** Goes on loading where it stopped, after an error of the network. */
  resume(): void;
  destroy(): void;
}

/** Begins to bring a source into the element that the engine was made for. */
export type OpenEngine = (options: OpenOptions) => StreamEngine;
