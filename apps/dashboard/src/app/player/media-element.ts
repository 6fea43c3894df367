/** `HAVE_FUTURE_DATA`: an element whose `readyState` is below it waits for media, whatever its buffer says. */
export const FUTURE_DATA = 3;

/** What playing needs of a media element; the browser's is one, a test's is a few lines. Times are in seconds. */
export interface MediaElementLike {
  currentTime: number;
  /** 0..1 */
  volume: number;
  muted: boolean;
  playbackRate: number;
  /** What `playbackRate` becomes when the element is given another source. */
  defaultPlaybackRate: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
  /** What the browser gave up for; null while it has not. */
  readonly error: unknown;
  readonly buffered: { readonly length: number; start(index: number): number; end(index: number): number };
  play(): Promise<void>;
  pause(): void;
  load(): void;
  removeAttribute(name: string): void;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** A frame may begin a little after the time that was sought; buffers of two tracks do not start together, seconds. */
const HOLE = 0.1;

/** Seconds of media that are loaded from a time on without a hole; 0 when that time is not loaded. */
export function loadedFrom({ buffered }: Pick<MediaElementLike, 'buffered'>, time: number): number {
  let end = time;
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= end + HOLE && buffered.end(i) > end) end = buffered.end(i);
  }
  return end - time;
}
