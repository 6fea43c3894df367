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

/**
 * Where the label of a box goes: on top of it, inside when there is no room above, inside the picture at the sides, and
 * below labels that are already there (a crowd's labels would cover each other). Past three tries it overlaps after all.
 */
export function labelRect(options: { box: Rect; label: Size; picture: Rect; taken: readonly Rect[] }): Rect {
  const { box, label, picture, taken } = options;
  const x = Math.max(picture.x, Math.min(box.x, picture.x + picture.width - label.width));
  const above = box.y - label.height;
  const first = above >= picture.y ? above : box.y;
  let y = first;
  for (let tries = 0; tries < 3; tries++) {
    const candidate = { x, y, ...label };
    const hit = taken.find((other) => overlaps(other, candidate));
    if (!hit) return candidate;
    y = hit.y + hit.height;
  }
  return { x, y: first, ...label };
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
