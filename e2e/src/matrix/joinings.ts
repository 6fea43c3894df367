import type { Programme } from './encoder.js';

/** People who open the page of a stream. */
export interface Joining {
  readonly name: string;
  readonly before: Programme;
  /** So long after the encoder began, ms; null: before it. */
  readonly comeAfterMs: number | null;
  /** What they read until they see it, if it takes a while. */
  readonly words?: RegExp;
  /** What the encoder is set to, and restarted with, when everybody has read them. */
  readonly setTo?: Programme;
}

/** Nothing has to be pressed in any of these. */
export const JOININGS: readonly Joining[] = [
  {
    name: 'a stream that begins with rare keyframes, on the page before',
    before: { clip: 'longGop' },
    comeAfterMs: null,
    words: /next keyframe/,
  },
  {
    name: 'a stream with rare keyframes, between two of them',
    before: { clip: 'longGop' },
    comeAfterMs: 12_000,
  },
  {
    name: 'a stream with open groups of pictures, between two of them',
    before: { clip: 'longOpenGop' },
    comeAfterMs: 9000,
  },
  {
    name: 'a stream in a codec that the browser may not play, until the encoder is set right',
    before: { clip: 'hevc' },
    comeAfterMs: 5000,
    words: /cannot play HEVC/,
    setTo: { clip: 'base' },
  },
];
