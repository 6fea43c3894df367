import { describe, expect, it } from 'vitest';
import { ServerClock } from './server-clock';

describe('the server clock', () => {
  it('takes the offset of the shortest round trip', () => {
    const clock = new ServerClock();
    clock.addPing(1000, 1400, 6390);
    clock.addPing(2000, 2010, 7005);
    clock.addPing(3000, 3300, 8290);
    expect(clock.offsetMs).toBe(5000);
    expect(clock.uncertaintyMs).toBe(5);
    expect(clock.serverNow(10_000)).toBe(15_000);
  });

  it('knows nothing before the first answer', () => {
    expect(new ServerClock().serverNow(1)).toBeNull();
  });

  it('follows a clock that was set, once the old samples are gone', () => {
    const clock = new ServerClock();
    clock.addPing(0, 1, 1000);
    for (let i = 0; i < 12; i++) clock.addPing(i, i + 20, 9010 + i);
    expect(clock.offsetMs).toBe(9000);
  });

  it('ignores an answer from before the question', () => {
    const clock = new ServerClock();
    clock.addPing(100, 50, 1000);
    expect(clock.offsetMs).toBeNull();
  });
});
