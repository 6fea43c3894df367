import type { DrawRecord } from './alignment';
import type { DrawnBox } from './overlay-renderer';

/** Called inside the frame callback, right after the overlay was drawn. */
export type DrawListener = (record: DrawRecord, video: HTMLVideoElement) => void;

/** Draws kept for whoever looks from outside: ten seconds at 60 frames a second. */
const KEPT_DRAWS = 600;

/**
 * `window.__mediaAnalyzer.overlay`: the overlay as a test or a person at the console sees it. Read-only, no effect on what
 * is drawn. Listeners run inside the frame callback, right after drawing, while the video element still shows that frame:
 * `drawImage(video)` there reads the picture that the record is about.
 */
export class OverlayDebug {
  private readonly listeners = new Set<DrawListener>();
  private readonly ring: DrawRecord[] = [];
  private shown: readonly DrawnBox[] = [];

  /** The last drawings, oldest first. */
  get draws(): readonly DrawRecord[] {
    return this.ring;
  }

  /** The boxes on the screen, with their texts. */
  get boxes(): readonly DrawnBox[] {
    return this.shown;
  }

  /** Called after every drawing, also of a frame that was drawn before. */
  show(boxes: readonly DrawnBox[]): void {
    this.shown = boxes;
  }

  /** @returns removes the listener */
  onDraw(listener: DrawListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  record(record: DrawRecord, video: HTMLVideoElement): void {
    this.ring.push(record);
    if (this.ring.length > KEPT_DRAWS) this.ring.shift();
    for (const listener of this.listeners) listener(record, video);
  }
}

/** `window.__mediaAnalyzer`: what a page tells those who look from outside. */
export interface DebugHook {
  overlay?: OverlayDebug;
  player?: { readonly entries: readonly { readonly at: number; readonly text: string }[] };
}

declare global {
  interface Window {
    __mediaAnalyzer?: DebugHook;
  }
}

/** Adds something to the hook. @returns takes it away again */
export function expose(part: DebugHook): () => void {
  window.__mediaAnalyzer = { ...window.__mediaAnalyzer, ...part };
  return () => {
    const hook = window.__mediaAnalyzer;
    if (part.overlay && hook?.overlay === part.overlay) delete hook.overlay;
    if (part.player && hook?.player === part.player) delete hook.player;
  };
}
