import { countsForViewer, labelOf, sightedIn, type ViewerFilter } from '@media-analyzer/protocol';
import { boxAt, boxRect, forcedLabelRect, labelRect, pictureRect, type Rect, type Size, snap } from './box-layout';
import type { ClassPalette } from './class-palette';
import type { OverlayBox, OverlayFrame } from './overlay-timeline';

/** What the viewer wants to see. */
export interface OverlaySettings {
  readonly boxes: boolean;
  readonly labels: boolean;
  readonly confidence: boolean;
  readonly filter: ViewerFilter;
  readonly palette: ClassPalette;
  /** The object whose label is shown in any case; null: none. */
  readonly selected: number | null;
}

/** A box as it was drawn. */
export interface DrawnBox {
  readonly trackId: number | null;
  readonly label: string;
  /** CSS pixels from the top left of the video element. */
  readonly rect: Rect;
  /** The text that was drawn at it; null where none fits. */
  readonly text: string | null;
}

const FAMILY = '"Inter Variable", system-ui, sans-serif';
/** Labels on a large and on a small picture (a phone), CSS pixels: small boxes are not buried under their names. */
const LARGE = { height: 18, padding: 5, font: `600 11.5px ${FAMILY}` };
const SMALL = { height: 13, padding: 3, font: `600 9px ${FAMILY}` };
const SMALL_PICTURE_WIDTH = 560;
/** Texts whose width is remembered. */
const MAX_WIDTHS = 2000;

/** Draws what the timeline says onto a canvas that lies over the video element, at the display's own resolution. */
export class OverlayRenderer {
  private readonly context: CanvasRenderingContext2D;
  private size: Size = { width: 0, height: 0 };
  private pixelRatio = 1;
  /** Nothing is on it: to clear it all the same has it composed anew with each frame. */
  private blank = true;
  private readonly widths = new Map<string, number>();

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
    if (this.blank) return;
    this.blank = true;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param pointer where the viewer points, CSS pixels from the top left of the video element
   * @returns the boxes that were drawn
   */
  draw(
    frame: OverlayFrame,
    picture: Size,
    settings: OverlaySettings,
    pointer: { x: number; y: number } | null,
  ): DrawnBox[] {
    this.clear();
    const area = pictureRect(picture, this.size);
    if (!area || frame.opacity <= 0 || !(settings.boxes || settings.labels || settings.confidence)) return [];
    const { context } = this;
    context.setTransform(this.pixelRatio, 0, 0, this.pixelRatio, 0, 0);
    context.globalAlpha = frame.opacity;
    const placed = frame.boxes.flatMap((box): Placed[] => {
      const rect = countsForViewer(sightedIn(box), settings.filter) ? boxRect(box.box, area) : null;
      return rect ? [{ box, rect, label: labelOf(box) }] : [];
    });
    this.blank = placed.length === 0;
    // Large first, so that a small object's label is not under the frame of the one behind it.
    placed.sort((a, b) => b.rect.width * b.rect.height - a.rect.width * a.rect.height);
    settings.palette.see(new Set(placed.map(({ label }) => label)));
    const pointed = pointer && boxAt(placed, pointer);
    const chosen = (one: Placed) =>
      one === pointed || (settings.selected !== null && one.box.trackId === settings.selected);
    if (settings.boxes)
      for (const one of placed) this.drawBox(one.rect, settings.palette.colorOf(one.label), chosen(one) ? 3 : 2);
    const texts = this.drawLabels(placed, { area, settings, chosen });
    context.globalAlpha = 1;
    return placed.map((one) => ({
      trackId: one.box.trackId,
      label: one.label,
      rect: one.rect,
      text: texts.get(one) ?? null,
    }));
  }

  private drawBox(rect: Rect, color: string, line: number): void {
    const { context, pixelRatio } = this;
    const x = snap(rect.x, pixelRatio);
    const y = snap(rect.y, pixelRatio);
    const width = snap(rect.x + rect.width, pixelRatio) - x;
    const height = snap(rect.y + rect.height, pixelRatio) - y;
    // A dark line under the coloured one keeps it visible on bright pictures.
    context.lineJoin = 'round';
    context.strokeStyle = 'rgb(0 0 0 / 0.55)';
    context.lineWidth = line + 2;
    context.strokeRect(x, y, width, height);
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(x, y, width, height);
  }

  /** What the viewer points at first, in any case; the others where they fit. */
  private drawLabels(
    placed: readonly Placed[],
    { area, settings, chosen }: { area: Rect; settings: OverlaySettings; chosen: (one: Placed) => boolean },
  ): Map<Placed, string> {
    const { context } = this;
    const style = area.width < SMALL_PICTURE_WIDTH ? SMALL : LARGE;
    context.font = style.font;
    context.textBaseline = 'middle';
    const texts = new Map<Placed, string>();
    const taken: Rect[] = [];
    const boxes = placed.map(({ rect }) => rect);
    const ordered = [...placed.filter(chosen), ...placed.filter((one) => !chosen(one))];
    const drawn: { one: Placed; at: Rect; text: string }[] = [];
    for (const one of ordered) {
      const forced = chosen(one);
      for (const text of labelTexts(one, settings, forced)) {
        const label = { width: this.widthOf(text) + 2 * style.padding, height: style.height };
        const request = { box: one.rect, label, picture: area, taken, boxes };
        const at = forced ? forcedLabelRect(request) : labelRect(request);
        if (!at) continue;
        taken.push(at);
        texts.set(one, text);
        drawn.push({ one, at, text });
        break;
      }
    }
    // Last on top: what the viewer points at is never under another label.
    for (const { one, at, text } of drawn.reverse()) {
      context.fillStyle = settings.palette.colorOf(one.label);
      context.beginPath();
      context.roundRect(at.x, at.y, at.width, at.height, 3);
      context.fill();
      context.fillStyle = '#0b0f14';
      context.fillText(text, at.x + style.padding, at.y + style.height / 2 + 0.5);
    }
    return texts;
  }

  /** Measured once for each text and font: a crowd has hundreds of labels a second, and few different ones. */
  private widthOf(text: string): number {
    const key = `${this.context.font} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      if (this.widths.size >= MAX_WIDTHS) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(key, width);
    }
    return width;
  }
}

interface Placed {
  readonly box: OverlayBox;
  readonly rect: Rect;
  readonly label: string;
}

/** The whole text, and the name alone where that is too long. What is asked for by itself is told whole. */
function labelTexts({ label, box }: Placed, settings: OverlaySettings, whole: boolean): string[] {
  const percent = `${Math.round(box.score * 100)}%`;
  if (whole) return [`${label} ${percent}`];
  if (settings.labels && settings.confidence) return [`${label} ${percent}`, label];
  if (settings.labels) return [label];
  return settings.confidence ? [percent] : [];
}
