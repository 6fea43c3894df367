import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.js';
import { every } from './timers.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('regular work', () => {
  it('comes every so often until it is stopped', async () => {
    const work = vi.fn(async () => {});
    const timer = every(1000, silentLog, 'work', work);
    expect(work).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3500);
    expect(work).toHaveBeenCalledTimes(3);
    await timer.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('begins at once where that is asked for', async () => {
    const work = vi.fn(async () => {});
    const timer = every(1000, silentLog, 'work', work, { now: true });
    expect(work).toHaveBeenCalledOnce();
    await timer.stop();
  });

  it('never runs twice at a time, and its stop waits for the turn that runs', async () => {
    let done = (): void => {};
    const work = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          done = resolve;
        }),
    );
    const timer = every(1000, silentLog, 'work', work);
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledOnce();
    let stopped = false;
    const stop = timer.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(1);
    expect(stopped).toBe(false);
    done();
    await stop;
  });

  it('comes again after a turn that failed', async () => {
    const error = vi.fn();
    const work = vi.fn(async () => {
      throw new Error('database away');
    });
    const timer = every(1000, { ...silentLog, error }, 'retention', work);
    await vi.advanceTimersByTimeAsync(2500);
    expect(work).toHaveBeenCalledTimes(2);
    expect(error).toHaveBeenCalledWith({ what: 'retention', problem: 'database away' }, expect.any(String));
    await timer.stop();
  });
});
