import type { DrawRecord } from './alignment';

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

  /** The last drawings, oldest first. */
  get draws(): readonly DrawRecord[] {
    return this.ring;
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

declare global {
  interface Window {
    __mediaAnalyzer?: { overlay?: OverlayDebug };
  }
}

/** @returns takes the hook away again */
export function exposeOverlay(overlay: OverlayDebug): () => void {
  window.__mediaAnalyzer = { ...window.__mediaAnalyzer, overlay };
  return () => {
    if (window.__mediaAnalyzer?.overlay === overlay) delete window.__mediaAnalyzer.overlay;
  };
}
