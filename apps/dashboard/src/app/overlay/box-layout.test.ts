import { describe, expect, it } from 'vitest';
import { boxRect, labelRect, pictureRect, snap } from './box-layout';

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

  it('sits on top of its box', () => {
    expect(labelRect({ box: { x: 100, y: 100, width: 50, height: 50 }, label, picture, taken: [] })).toMatchObject({
      x: 100,
      y: 82,
    });
  });

  it('moves inside at the top edge and stays inside at the right edge', () => {
    expect(labelRect({ box: { x: 790, y: 5, width: 10, height: 50 }, label, picture, taken: [] })).toMatchObject({
      x: 740,
      y: 5,
    });
  });

  it('goes below a label that is already there', () => {
    const taken = [{ x: 90, y: 80, width: 60, height: 18 }];
    expect(labelRect({ box: { x: 100, y: 100, width: 50, height: 50 }, label, picture, taken })).toMatchObject({
      y: 98,
    });
  });
});
