import type { Box } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { BoxFilter } from './kalman.js';

const closeTo = (box: Box, digits: number): Box => box.map((value) => expect.closeTo(value, digits)) as Box;

describe('BoxFilter', () => {
  it('learns a steady motion from irregular steps and carries it on', () => {
    const at = (t: number): Box => [0.1 + 0.2 * t, 0.5 - 0.05 * t, 0.1, 0.2];
    const filter = new BoxFilter(at(0));
    let time = 0;
    for (const dt of [0.1, 0.033, 0.4, 0.1, 0.25, 0.05, 0.1, 0.1, 0.3]) {
      time += dt;
      filter.predict(dt);
      filter.correct(at(time));
    }
    expect(filter.boxAt(0)).toEqual(closeTo(at(time), 2));
    expect(filter.boxAt(0.5)).toEqual(closeTo(at(time + 0.5), 2));
    expect(filter.boxAt(-0.5)).toEqual(closeTo(at(time - 0.5), 2));
  });

  it('smooths what jitters around a standing object', () => {
    const filter = new BoxFilter([0.4, 0.4, 0.2, 0.2]);
    for (let step = 0; step < 40; step++) {
      filter.predict(0.1);
      filter.correct([0.4 + (step % 2 ? 0.01 : -0.01), 0.4, 0.2, 0.2]);
    }
    expect(Math.abs(filter.boxAt(0)[0] - 0.4)).toBeLessThan(0.0095);
    expect(Math.abs(filter.boxAt(0.5)[0] - 0.4)).toBeLessThan(0.06);
  });

  it('never predicts a box without size', () => {
    const filter = new BoxFilter([0.4, 0.4, 0.3, 0.3]);
    for (const side of [0.2, 0.1, 0.05]) {
      filter.predict(0.1);
      filter.correct([0.4, 0.4, side, side]);
    }
    const [, , width, height] = filter.boxAt(10);
    expect(Math.min(width, height)).toBeGreaterThan(0);
  });

  it('keeps the size of what went out of sight', () => {
    const filter = new BoxFilter([0.4, 0.4, 0.3, 0.3]);
    filter.predict(0.1);
    filter.correct([0.4, 0.4, 0.2, 0.3]);
    filter.holdSize();
    expect(filter.boxAt(1)[2]).toBe(filter.boxAt(0)[2]);
  });
});
