import { computed, signal } from '@angular/core';

/** Whether a figure about the picture is one of now. */
export type Standing =
  | 'current'
  /** The viewer has paused: there is no such figure until they play on. */
  | 'paused'
  /** Nothing has come for a while: no frame, or no word of the server. */
  | 'unknown';

/** Without a new frame for longer than this a figure about the picture is an old one, ms. */
const FRAME_PATIENCE_MS = 2500;
/** Slow streams have their own pace: so many frame durations are waited for. */
const PATIENCE_FRAMES = 2;
/** The server tells of a stream on air once a second; after this long without a word it is not known what it is at, ms. */
const WORD_PATIENCE_MS = 5000;

/** When something was last heard or seen. Times are Unix ms of this machine. */
export interface Signs {
  readonly now: number;
  readonly paused: boolean;
  /** A frame came on the screen; null before the first. */
  readonly frameAt: number | null;
  /** Frames per second that the encoder sends; null while not known. */
  readonly frameRate: number | null;
}

/** Whether what was measured on the frames that are shown is of now. */
export function pictureStanding({ now, paused, frameAt, frameRate }: Signs): Standing {
  if (paused) return 'paused';
  const patience = Math.max(FRAME_PATIENCE_MS, frameRate ? (PATIENCE_FRAMES * 1000) / frameRate : 0);
  return frameAt !== null && now - frameAt < patience ? 'current' : 'unknown';
}

/** Whether what the server tells of a stream on air is of now. `heardAt`: when it last did, Unix ms; null before that. */
export function wordIsFresh({ now, heardAt }: { readonly now: number; readonly heardAt: number | null }): boolean {
  return heardAt !== null && now - heardAt < WORD_PATIENCE_MS;
}

/** What the freshness of a page is made of. */
export interface FreshnessOptions {
  /** Unix ms of this machine. */
  now(): number;
  /** The connection to the server is lost. */
  lost(): boolean;
  /** The stream is on air: what is not changes only with an event. */
  onAir(): boolean;
  paused(): boolean;
  frameRate(): number | null;
}

/** Whether what a page says of a stream, and of its picture, is of now. */
export class Freshness {
  /** When the server last told of the stream, and when a frame last came on the screen: Unix ms of this machine. */
  readonly heardAt = signal<number | null>(null);
  readonly frameAt = signal<number | null>(null);
  /** What is known of the stream is of now. */
  readonly fresh = computed(() => {
    const { now, lost, onAir } = this.options;
    return !lost() && (!onAir() || wordIsFresh({ now: now(), heardAt: this.heardAt() }));
  });
  /** Whether figures about the picture are of now. */
  readonly standing = computed(() => {
    const { now, paused, frameRate } = this.options;
    return pictureStanding({ now: now(), paused: paused(), frameAt: this.frameAt(), frameRate: frameRate() });
  });

  constructor(private readonly options: FreshnessOptions) {}
}
