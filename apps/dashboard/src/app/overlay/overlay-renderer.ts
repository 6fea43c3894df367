import { boxRect, labelRect, pictureRect, type Rect, type Size, snap } from './box-layout';
import { classColor } from './class-colors';
import type { OverlayFrame } from './overlay-timeline';

/** What the viewer wants to see. */
export interface OverlaySettings {
  readonly boxes: boolean;
  readonly labels: boolean;
  readonly confidence: boolean;
  /** Classes not drawn. */
  readonly hidden: ReadonlySet<string>;
}

/** Everything is shown until the viewer says otherwise. */
export const DEFAULT_OVERLAY_SETTINGS: OverlaySettings = {
  boxes: true,
  labels: true,
  confidence: true,
  hidden: new Set(),
};

const FAMILY = '"Inter Variable", system-ui, sans-serif';
/** Labels on a large and on a small picture (a phone), CSS pixels: small boxes are not buried under their names. */
const LARGE = { height: 18, padding: 5, font: `600 11.5px ${FAMILY}` };
const SMALL = { height: 13, padding: 3, font: `600 9px ${FAMILY}` };
const SMALL_PICTURE_WIDTH = 560;

/** Draws what the timeline says onto a canvas that lies over the video element, at the display's own resolution. */
export class OverlayRenderer {
  private readonly context: CanvasRenderingContext2D;
  private size: Size = { width: 0, height: 0 };
  private pixelRatio = 1;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('This browser has no 2D canvas');
    this.context = context;
  }

  /** Size of the video element in CSS pixels, and device pixels per CSS pixel. */
  resize(size: Size, pixelRatio: number): void {
    this.size = size;
    this.pixelRatio = pixelRatio;
    const width = Math.round(size.width * pixelRatio);
    const height = Math.round(size.height * pixelRatio);
    // Setting either clears the canvas, so only on a change.
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  clear(): void {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** @returns number of boxes drawn */
  draw(frame: OverlayFrame, picture: Size, settings: OverlaySettings): number {
    this.clear();
    const area = pictureRect(picture, this.size);
    if (!area || frame.opacity <= 0 || !(settings.boxes || settings.labels || settings.confidence)) return 0;
    const { context } = this;
    context.setTransform(this.pixelRatio, 0, 0, this.pixelRatio, 0, 0);
    context.globalAlpha = frame.opacity;
    const shown = frame.boxes.filter((box) => !settings.hidden.has(box.label));
    // Large first, so that a small object's label is not under the frame of the one behind it.
    const ordered = shown.toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3]);
    const placed: { rect: Rect; text: string; color: string }[] = [];
    for (const box of ordered) {
      const rect = boxRect(box.box, area);
      if (!rect) continue;
      const color = classColor(box.label);
      if (settings.boxes) this.drawBox(rect, color);
      placed.push({ rect, text: labelText(box.label, box.score, settings), color });
    }
    this.drawLabels(placed, area);
    context.globalAlpha = 1;
    return placed.length;
  }

  private drawBox(rect: Rect, color: string): void {
    const { context, pixelRatio } = this;
    const x = snap(rect.x, pixelRatio);
    const y = snap(rect.y, pixelRatio);
    const width = snap(rect.x + rect.width, pixelRatio) - x;
    const height = snap(rect.y + rect.height, pixelRatio) - y;
    // A dark line under the coloured one keeps it visible on bright pictures.
    context.lineJoin = 'round';
    context.strokeStyle = 'rgb(0 0 0 / 0.55)';
    context.lineWidth = 4;
    context.strokeRect(x, y, width, height);
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(x, y, width, height);
  }

  private drawLabels(placed: readonly { rect: Rect; text: string; color: string }[], picture: Rect): void {
    const { context } = this;
    const style = picture.width < SMALL_PICTURE_WIDTH ? SMALL : LARGE;
    context.font = style.font;
    context.textBaseline = 'middle';
    const taken: Rect[] = [];
    for (const { rect, text, color } of placed) {
      if (text === '') continue;
      const label = { width: context.measureText(text).width + 2 * style.padding, height: style.height };
      const at = labelRect({ box: rect, label, picture, taken });
      taken.push(at);
      context.fillStyle = color;
      context.beginPath();
      context.roundRect(at.x, at.y, at.width, at.height, 3);
      context.fill();
      context.fillStyle = '#0b0f14';
      context.fillText(text, at.x + style.padding, at.y + style.height / 2 + 0.5);
    }
  }
}

function labelText(label: string, score: number, settings: OverlaySettings): string {
  const parts = [];
  if (settings.labels) parts.push(label);
  if (settings.confidence) parts.push(`${Math.round(score * 100)}%`);
  return parts.join(' ');
}
