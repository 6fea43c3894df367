import { describe, expect, it } from 'vitest';
import { boxAt, boxRect, forcedLabelRect, labelRect, pictureRect, snap } from './box-layout';

describe('the picture inside its element', () => {
  it('has bars at the sides in a wide element and above and below in a tall one', () => {
    expect(pictureRect({ width: 1920, height: 1080 }, { width: 1000, height: 450 })).toEqual({
      x: 100,
      y: 0,
      width: 800,
      height: 450,
    });
    expect(pictureRect({ width: 1920, height: 1080 }, { width: 800, height: 650 })).toEqual({
      x: 0,
      y: 100,
      width: 800,
      height: 450,
    });
  });

  it('fits a portrait picture', () => {
    expect(pictureRect({ width: 540, height: 960 }, { width: 960, height: 960 })).toEqual({
      x: 210,
      y: 0,
      width: 540,
      height: 960,
    });
  });

  it('is unknown before sizes are', () => {
    expect(pictureRect({ width: 0, height: 0 }, { width: 100, height: 100 })).toBeNull();
    expect(pictureRect({ width: 16, height: 9 }, { width: 0, height: 100 })).toBeNull();
  });
});

describe('a box', () => {
  const picture = { x: 100, y: 0, width: 800, height: 450 };

  it('lies on the picture and not on the bars', () => {
    expect(boxRect([0, 0, 1, 1], picture)).toEqual(picture);
    expect(boxRect([0.5, 0.5, 0.25, 0.5], picture)).toEqual({ x: 500, y: 225, width: 200, height: 225 });
  });

  it('is cut at the edge of the picture, and gone outside of it', () => {
    expect(boxRect([-0.1, 0.9, 0.2, 0.3], picture)).toEqual({
      x: 100,
      y: 405,
      width: expect.closeTo(80),
      height: expect.closeTo(45),
    });
    expect(boxRect([1.1, 0, 0.1, 0.1], picture)).toBeNull();
  });

  it('snaps to device pixels', () => {
    expect(snap(10.3, 1)).toBe(10);
    expect(snap(10.3, 2)).toBe(10.5);
  });
});

describe('a label', () => {
  const picture = { x: 0, y: 0, width: 800, height: 450 };
  const label = { width: 60, height: 18 };
  const box = { x: 100, y: 100, width: 80, height: 90 };
  const at = (change: Partial<Parameters<typeof labelRect>[0]> = {}) => {
    const request = { box, label, picture, taken: [], boxes: [], ...change };
    return labelRect({ ...request, boxes: [request.box, ...request.boxes] });
  };

  it('sits on top of its box, inside where there is no room above', () => {
    expect(at()).toEqual({ x: 100, y: 82, width: 60, height: 18 });
    expect(at({ box: { ...box, y: 5 } })).toMatchObject({ x: 100, y: 5 });
    expect(at({ taken: [{ x: 90, y: 80, width: 60, height: 10 }] })).toMatchObject({ y: 100 });
  });

  it('is left out where its box is narrower or lower than it', () => {
    expect(at({ box: { ...box, width: 59 } })).toBeNull();
    expect(at({ box: { ...box, height: 17 } })).toBeNull();
  });

  it('is left out where it would cover another box or label, not on a box that lies around its own', () => {
    const neighbour = { x: 140, y: 60, width: 100, height: 100 };
    expect(at({ boxes: [neighbour] })).toBeNull();
    expect(at({ boxes: [{ x: 50, y: 50, width: 300, height: 300 }] })).not.toBeNull();
    expect(at({ taken: [{ x: 90, y: 70, width: 60, height: 60 }] })).toBeNull();
  });

  it('that is asked for is always there, on the picture', () => {
    expect(forcedLabelRect({ box: { x: 790, y: 5, width: 8, height: 9 }, label, picture })).toMatchObject({
      x: 740,
      y: 5,
    });
  });

  it('of a crowd never covers a box that does not lie around its own, nor another label', () => {
    const boxes = Array.from({ length: 60 }, (_, i) => ({
      x: (i * 37) % 700,
      y: (i * 53) % 380,
      width: 20 + (i % 9) * 14,
      height: 60,
    }));
    const taken: { x: number; y: number; width: number; height: number }[] = [];
    for (const one of boxes) {
      const placed = labelRect({ box: one, label, picture, taken, boxes });
      if (placed) taken.push(placed);
    }
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(30);
    const hit = (a: (typeof boxes)[number], b: (typeof boxes)[number]) =>
      a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    for (const [i, a] of taken.entries()) for (const b of taken.slice(i + 1)) expect(hit(a, b)).toBe(false);
  });
});

describe('the box at a point', () => {
  it('is the smallest one there', () => {
    const large = { rect: { x: 0, y: 0, width: 100, height: 100 } };
    const small = { rect: { x: 40, y: 40, width: 10, height: 10 } };
    expect(boxAt([large, small], { x: 45, y: 45 })).toBe(small);
    expect(boxAt([large, small], { x: 5, y: 5 })).toBe(large);
    expect(boxAt([large, small], { x: 105, y: 5 })).toBeNull();
  });
});
