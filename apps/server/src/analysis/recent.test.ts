import { describe, expect, it } from 'vitest';
import { RecentValues } from './recent.js';

function at(start = 1_790_000_000_000) {
  let now = start;
  return {
    values: new RecentValues(() => now),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('recent values', () => {
  it('are none at first', () => {
    const { values } = at();
    expect(values.summary()).toBeNull();
    expect(values.rate()).toBe(0);
  });

  it('give percentiles by nearest rank', () => {
    const { values } = at();
    for (let value = 100; value >= 1; value--) values.add(value);
    expect(values.summary()).toEqual({ p50: 50, p95: 95, count: 100 });
  });

  it('give percentiles of a single value', () => {
    const { values } = at();
    values.add(7);
    expect(values.summary()).toEqual({ p50: 7, p95: 7, count: 1 });
  });

  it('are forgotten after a minute', () => {
    const { values, pass } = at();
    values.add(1);
    pass(59_000);
    values.add(2);
    pass(2_000);
    expect(values.summary()).toEqual({ p50: 2, p95: 2, count: 1 });
    pass(60_000);
    expect(values.summary()).toBeNull();
  });

  it('give the rate over the last five seconds', () => {
    const { values, pass } = at();
    for (let index = 0; index < 100; index++) {
      values.add(1);
      pass(100);
    }
    expect(values.rate()).toBeCloseTo(10, 0);
    pass(10_000);
    expect(values.rate()).toBe(0);
  });

  it('give a rate from the first second on, over the time that there was', () => {
    const { values, pass } = at();
    for (let index = 0; index < 20; index++) {
      values.add(1);
      pass(100);
    }
    expect(values.rate()).toBeCloseTo(10, 0);
  });

  it('say nothing once they stopped coming, which takes longer where they are sparse', () => {
    const { values, pass } = at();
    for (let index = 0; index < 10; index++) {
      values.add(1);
      pass(100);
    }
    pass(5_000);
    expect(values.summary()).toBeNull();
    for (let index = 0; index < 3; index++) {
      values.add(2);
      pass(8_000);
    }
    expect(values.summary()).toMatchObject({ p95: 2 });
    pass(20_000);
    expect(values.summary()).toBeNull();
  });

  it('are bounded, the newest stay', () => {
    const { values } = at();
    for (let value = 0; value < 10_000; value++) values.add(value);
    expect(values.summary()).toMatchObject({ count: 3000, p50: 8499 });
  });
});
