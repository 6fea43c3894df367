/** Rows made before and after those that can be seen, so that scrolling and the tab key find them there. */
const OVERSCAN = 8;

/** Which rows of a long list are made, and how much room the others take. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly last: number;
  /** Pixels. */
  readonly above: number;
  readonly below: number;
}

/** All sizes in pixels. */
export function rowWindow(list: { count: number; rowHeight: number; scrollTop: number; height: number }): RowWindow {
  const { count, rowHeight, scrollTop, height } = list;
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight)) - OVERSCAN);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN);
  return { first, last, above: first * rowHeight, below: Math.max(0, count - last) * rowHeight };
}

/** Where to scroll so that a row can be seen, moving as little as possible; null when it can be seen already. */
export function scrollFor(list: {
  index: number;
  rowHeight: number;
  scrollTop: number;
  height: number;
}): number | null {
  const { index, rowHeight, scrollTop, height } = list;
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return null;
}
