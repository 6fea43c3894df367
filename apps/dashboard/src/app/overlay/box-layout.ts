import type { Box } from '@media-analyzer/protocol';

/** A rectangle in CSS pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Width and height, CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where the picture lies inside its element when it is fitted whole (`object-fit: contain`); null before sizes are known. */
export function pictureRect(picture: Size, element: Size): Rect | null {
  if (!(picture.width > 0 && picture.height > 0 && element.width > 0 && element.height > 0)) return null;
  const scale = Math.min(element.width / picture.width, element.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height };
}

/** A normalised box on the picture, cut to the picture; null when nothing of it is on the picture. */
export function boxRect(box: Box, picture: Rect): Rect | null {
  const left = Math.max(0, box[0]);
  const top = Math.max(0, box[1]);
  const right = Math.min(1, box[0] + box[2]);
  const bottom = Math.min(1, box[1] + box[3]);
  if (!(right > left && bottom > top)) return null;
  return {
    x: picture.x + left * picture.width,
    y: picture.y + top * picture.height,
    width: (right - left) * picture.width,
    height: (bottom - top) * picture.height,
  };
}

/** Rounds an edge to whole device pixels, so that a line is one colour and not two half ones. */
export function snap(value: number, pixelRatio: number): number {
  return Math.round(value * pixelRatio) / pixelRatio;
}

/** A label that is to be placed. */
export interface LabelRequest {
  /** The box that it names. */
  readonly box: Rect;
  readonly label: Size;
  readonly picture: Rect;
  /** Labels that are there already. */
  readonly taken: readonly Rect[];
  /** All boxes on the picture, the named one too. */
  readonly boxes: readonly Rect[];
}

/** Part of a box that must lie in another one for that to count as lying around it. */
const ENCLOSED = 0.9;

/**
 * Where the label of a box goes: on top of it, or inside at its top. Null where it does not fit: the box is narrower or lower
 * than its label, or the label would cover another label or another box. A box around the named one may be covered: its
 * inside is where the named one is.
 */
export function labelRect({ box, label, picture, taken, boxes }: LabelRequest): Rect | null {
  if (box.width < label.width || box.height < label.height) return null;
  const others = boxes.filter((other) => other !== box && intersection(other, box) < ENCLOSED * box.width * box.height);
  for (const candidate of places(box, label, picture)) {
    if (candidate.y < picture.y) continue;
    if (!taken.some((other) => overlaps(other, candidate)) && !others.some((other) => overlaps(other, candidate)))
      return candidate;
  }
  return null;
}

/** Where a label goes that is asked for by itself: at its box, whatever lies below. */
export function forcedLabelRect({ box, label, picture }: Pick<LabelRequest, 'box' | 'label' | 'picture'>): Rect {
  const [above, inside] = places(box, label, picture);
  return above.y >= picture.y ? above : inside;
}

/** The smallest of these boxes at a point, or null. */
export function boxAt<T extends { readonly rect: Rect }>(
  boxes: readonly T[],
  point: { x: number; y: number },
): T | null {
  let found: T | null = null;
  for (const box of boxes) {
    const { x, y, width, height } = box.rect;
    if (point.x < x || point.y < y || point.x > x + width || point.y > y + height) continue;
    if (!found || width * height < found.rect.width * found.rect.height) found = box;
  }
  return found;
}

function places(box: Rect, label: Size, picture: Rect): [above: Rect, inside: Rect] {
  const x = Math.max(picture.x, Math.min(box.x, picture.x + picture.width - label.width));
  return [
    { x, y: box.y - label.height, ...label },
    { x, y: box.y, ...label },
  ];
}

function intersection(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

function overlaps(a: Rect, b: Rect): boolean {
  return intersection(a, b) > 0;
}
