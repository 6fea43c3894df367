import { describe, expect, it } from 'vitest';
import { rowWindow, scrollFor } from './row-window';

describe('the window on a long list', () => {
  const list = { count: 5000, rowHeight: 28, height: 330 };

  it('makes few rows wherever it stands, and leaves the room of the others', () => {
    for (const scrollTop of [0, 14, 70_000, 5000 * 28 - 330]) {
      const { first, last, above, below } = rowWindow({ ...list, scrollTop });
      expect(last - first).toBeLessThan(32);
      expect(above + (last - first) * 28 + below).toBe(5000 * 28);
      expect(first * 28).toBeLessThanOrEqual(scrollTop);
      expect(last * 28).toBeGreaterThanOrEqual(scrollTop + 330);
    }
  });

  it('holds when the list got shorter than where it stands', () => {
    expect(rowWindow({ ...list, count: 3, scrollTop: 70_000 })).toMatchObject({ last: 3, below: 0 });
    expect(rowWindow({ ...list, count: 0, scrollTop: 0 })).toEqual({ first: 0, last: 0, above: 0, below: 0 });
  });

  it('moves only as far as it must to show a row', () => {
    expect(scrollFor({ ...list, index: 3, scrollTop: 0 })).toBeNull();
    expect(scrollFor({ ...list, index: 3, scrollTop: 100 })).toBe(84);
    expect(scrollFor({ ...list, index: 20, scrollTop: 0 })).toBe(21 * 28 - 330);
  });
});
