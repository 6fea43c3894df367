import { describe, expect, it } from 'vitest';
import { AdaptiveRate } from './adaptive-rate.js';

/** Models that can do so many analyses a second, asked by sessions that each want 10. */
function machine(capacity: number, sessions = 1) {
  const rate = new AdaptiveRate();
  let at = 0;
  const history: number[] = [];
  const second = (can: number): void => {
    at += 1000;
    const asked = rate.rateOf(10) * sessions;
    const analysed = Math.min(asked, can);
    rate.update({ at, analysed, lost: asked - analysed, busyMs: (analysed / can) * 1000 });
    history.push(rate.rateOf(10));
  };
  return {
    rate,
    history,
    run(seconds: number, can = capacity) {
      for (let n = 0; n < seconds; n += 1) second(can);
      return rate.rateOf(10);
    },
  };
}
const changes = (history: readonly number[]): number =>
  history.filter((rate, index) => index > 0 && rate !== history[index - 1]).length;

describe('the rate in force', () => {
  it('is what is wanted while the models keep up', () => {
    expect(machine(12).run(600)).toBe(10);
  });

  it('falls within seconds to what they can do, and not below', () => {
    const { run, history } = machine(5.5);
    expect(run(5)).toBe(5);
    expect(history.slice(0, 2)).toContain(10);
  });

  it('is not moved by a single bad second', () => {
    const { run } = machine(20);
    run(10);
    run(1, 3);
    expect(run(10)).toBe(10);
  });

  it('comes back step by step when there is room again', () => {
    const { run, history } = machine(3.5);
    expect(run(10)).toBe(3);
    expect(run(120, 100)).toBe(10);
    const rising = history.slice(10);
    expect([...rising].sort((a, b) => a - b)).toEqual(rising);
  });

  it.each([4.2, 5.1, 6.6, 7, 8.1, 8.8])('does not swing on a machine that can do %d a second', (capacity) => {
    const { run, history } = machine(capacity);
    run(1800);
    expect(changes(history.slice(60))).toBeLessThanOrEqual(1800 / 80);
    const late = history.slice(-600);
    expect(late.filter((rate) => rate <= capacity).length / late.length).toBeGreaterThan(0.9);
  });

  it('tries again ever more rarely where a step up fails although there seemed to be room', () => {
    const { rate } = machine(0);
    let at = 0;
    const raisedAt: number[] = [];
    for (let second = 0; second < 3600; second += 1) {
      at += 1000;
      const before = rate.rateOf(10);
      const fails = before > 5;
      rate.update({ at, analysed: fails ? 5 : before, lost: fails ? before - 5 : 0, busyMs: 300 });
      if (rate.rateOf(10) > before) raisedAt.push(second);
    }
    const waits = raisedAt.slice(1).map((second, index) => second - raisedAt[index]!);
    expect(waits.at(-1)).toBeGreaterThan(100);
    expect(raisedAt.length).toBeLessThan(40);
  });

  it('is the same part for all sessions, and never less than one a second unless less is wanted', () => {
    const { rate, run } = machine(0.5, 4);
    run(60);
    expect(rate.rateOf(10)).toBe(1);
    expect(rate.rateOf(30)).toBe(3);
    expect(rate.rateOf(0.5)).toBe(0.5);
    rate.reset();
    expect(rate.rateOf(10)).toBe(10);
  });
});
