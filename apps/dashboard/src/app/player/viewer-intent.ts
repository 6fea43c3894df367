import { signal } from '@angular/core';

/**
 * What the viewer wants, apart from what the media element happens to do: a new source or a hidden tab pauses and rewinds the
 * element, but changes nothing here. Whoever recovers from something restores this.
 */
export class ViewerIntent {
  /** To see it move: true until they pause. */
  readonly wantsPlay = signal(true);
  /** To be at the live edge: true until they pause, seek back or slow down. */
  readonly following = signal(true);
  /** Playback speed; 1 is real time. */
  readonly rate = signal(1);
}
