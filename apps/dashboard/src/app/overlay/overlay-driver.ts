import { alignmentError, type DrawRecord } from './alignment';
import type { OverlayDebug } from './debug-hook';
import type { FrameClock } from './frame-clock';
import { OverlayRenderer, type OverlaySettings } from './overlay-renderer';
import type { OverlayTimeline } from './overlay-timeline';

/** Where the frame on screen is on the session clock. */
export interface ShownFrame {
  readonly mediaTime: number;
  readonly ptsMs: number | null;
  readonly clock: DrawRecord['clock'];
}

export interface OverlayDriverOptions {
  readonly video: HTMLVideoElement;
  readonly canvas: HTMLCanvasElement;
  readonly timeline: OverlayTimeline;
  /** The clock of the session that plays; null while nothing does. */
  readonly clock: () => FrameClock | null;
  readonly settings: () => OverlaySettings;
  readonly debug: OverlayDebug;
  /** After every drawing for a new frame (not for redraws of the same one, but for the one that first has its PTS). */
  readonly onDraw: (record: DrawRecord, shown: ShownFrame) => void;
}

interface FrameInfo {
  readonly mediaTime: number;
  /** When the frame goes or went on screen, on the clock of `performance.now()`. */
  readonly displayAt: number;
  readonly presentedFrames: number;
  /** Said by the browser for this very frame, not read off the playhead. */
  readonly exact: boolean;
}

/**
 * Draws the overlay in step with the video: in every frame callback, for the very frame that the callback is about. Without
 * new frames (paused, or the switches changed) the same frame is drawn again with what is known by then.
 */
export class OverlayDriver {
  private readonly renderer: OverlayRenderer;
  private readonly resizes: ResizeObserver;
  /** Of the video element, CSS pixels. Asked for when it changes: to ask at each frame has the page laid out for it. */
  private size = { width: 0, height: 0 };
  private frame: FrameInfo | null = null;
  /** The clock could tell where the frame on the screen is. */
  private placed = false;
  private handle = 0;
  private stopped = false;
  /** Where the viewer points, CSS pixels from the top left of the video element. */
  private pointer: { x: number; y: number } | null = null;

  constructor(private readonly options: OverlayDriverOptions) {
    this.renderer = new OverlayRenderer(options.canvas);
    this.resizes = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = options.video;
      this.size = { width: clientWidth, height: clientHeight };
      this.redraw();
    });
    this.resizes.observe(options.video);
    options.video.addEventListener('pointermove', this.point);
    options.video.addEventListener('pointerleave', this.unpoint);
    this.awaitFrame();
  }

  /** Draws the frame on screen again: the switches changed, or an analysis of it has arrived. */
  redraw(): void {
    if (this.stopped) return;
    this.fit();
    if (!this.frame) {
      this.renderer.clear();
      return;
    }
    const record = this.paint(this.frame);
    // The frame came before the clock knew where it is. Who has paused on it sees no other.
    if (!this.placed && record.ptsMs !== null) this.report(record, this.frame);
  }

  /** Forgets the frame on screen, for example because another session is loaded. */
  reset(): void {
    this.frame = null;
    this.renderer.clear();
  }

  stop(): void {
    this.stopped = true;
    this.resizes.disconnect();
    const { video } = this.options;
    video.removeEventListener('pointermove', this.point);
    video.removeEventListener('pointerleave', this.unpoint);
    if ('cancelVideoFrameCallback' in video) video.cancelVideoFrameCallback(this.handle);
    else cancelAnimationFrame(this.handle);
  }

  private readonly point = (event: PointerEvent): void => {
    this.pointer = { x: event.offsetX, y: event.offsetY };
    if (this.options.video.paused) this.redraw();
  };

  private readonly unpoint = (): void => {
    this.pointer = null;
    if (this.options.video.paused) this.redraw();
  };

  private awaitFrame(): void {
    const { video } = this.options;
    if ('requestVideoFrameCallback' in video) {
      this.handle = video.requestVideoFrameCallback((_now, metadata) => {
        this.shown({
          mediaTime: metadata.mediaTime,
          displayAt: metadata.expectedDisplayTime,
          presentedFrames: metadata.presentedFrames,
          exact: true,
        });
        if (!this.stopped) this.awaitFrame();
      });
      return;
    }
    // Browsers without frame callbacks: the playhead says about which frame is up. The record says that it is a guess.
    this.handle = requestAnimationFrame((now) => {
      const { currentTime } = this.options.video;
      if (currentTime !== this.frame?.mediaTime) {
        this.shown({ mediaTime: currentTime, displayAt: now, presentedFrames: 0, exact: false });
      }
      if (!this.stopped) this.awaitFrame();
    });
  }

  private shown(frame: FrameInfo): void {
    this.frame = frame;
    this.fit();
    this.report(this.paint(frame), frame);
  }

  private report(record: DrawRecord, { mediaTime }: FrameInfo): void {
    this.placed = record.ptsMs !== null;
    this.options.debug.record(record, this.options.video);
    this.options.onDraw(record, { mediaTime, ptsMs: record.ptsMs, clock: record.clock });
  }

  private fit(): void {
    this.renderer.resize(this.size, window.devicePixelRatio || 1);
  }

  private paint(frame: FrameInfo): DrawRecord {
    const { video, timeline, clock, settings } = this.options;
    const reading = clock()?.read(frame.mediaTime) ?? null;
    const overlay = reading ? timeline.at(reading.ptsMs) : null;
    const picture = { width: video.videoWidth, height: video.videoHeight };
    const boxes = overlay ? this.renderer.draw(overlay, picture, settings(), this.pointer) : [];
    if (!overlay) this.renderer.clear();
    this.options.debug.show(boxes);
    const at = performance.now();
    const latenessMs = Math.max(0, at - frame.displayAt);
    const drawnPtsMs = overlay?.drawnPtsMs ?? null;
    return {
      at,
      mediaTime: frame.mediaTime,
      ptsMs: reading?.ptsMs ?? null,
      clock: reading ? (frame.exact ? reading.source : 'currentTime') : null,
      kind: overlay?.kind ?? 'none',
      drawnPtsMs,
      beforePtsMs: overlay?.before?.ptsMs ?? null,
      afterPtsMs: overlay?.after?.ptsMs ?? null,
      exact: overlay?.kind === 'exact',
      interpolated: overlay?.kind === 'interpolated',
      boxes: boxes.length,
      latenessMs,
      errorMs: reading && drawnPtsMs !== null ? alignmentError(reading.ptsMs, drawnPtsMs, latenessMs) : null,
      presentedFrames: frame.presentedFrames,
    };
  }
}
