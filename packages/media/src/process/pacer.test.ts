import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.js';

/** A clock that only waiting moves. */
function manualClock() {
  const clock = {
    time: 1000,
    waits: [] as number[],
    now: () => clock.time,
    wait: async (ms: number) => {
      clock.waits.push(ms);
      clock.time += ms;
    },
  };
  return clock;
}

describe('the pacer', () => {
  it('lets the first sample through at once, whatever its time', async () => {
    const clock = manualClock();
    await new Pacer(new AbortController().signal, clock).until(5000);
    expect(clock.waits).toEqual([]);
  });

  it('waits for real time, counted from the first sample, so that delays do not add up', async () => {
    const clock = manualClock();
    const pacer = new Pacer(new AbortController().signal, clock);
    await pacer.until(0);
    clock.time += 15;
    await pacer.until(40);
    clock.time += 60;
    await pacer.until(80);
    await pacer.until(120);
    expect(clock.waits).toEqual([25, 20]);
  });

  it('goes on from now instead of sending a burst after a long stall', async () => {
    const clock = manualClock();
    const pacer = new Pacer(new AbortController().signal, clock);
    await pacer.until(0);
    clock.time += 60_000;
    await pacer.until(40);
    await pacer.until(80);
    expect(clock.waits).toEqual([40]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const pacer = new Pacer(stop.signal, manualClock());
    stop.abort();
    await expect(pacer.until(0)).rejects.toThrow();
  });
});
