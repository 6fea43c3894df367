import { describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.js';
import { Closing } from './closing.js';

describe('closing', () => {
  it('goes in reverse, one step after the other', async () => {
    const closing = new Closing(silentLog);
    const order: string[] = [];
    closing.add('first', () => order.push('first'));
    closing.add('second', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('second');
    });
    closing.add('third', () => order.push('third'));
    await closing.run();
    expect(order).toEqual(['third', 'second', 'first']);
  });

  it('goes on past what cannot be closed, and says what it was', async () => {
    const error = vi.fn();
    const closing = new Closing({ ...silentLog, error });
    const first = vi.fn();
    closing.add('first', first);
    closing.add('stuck', () => {
      throw new Error('no');
    });
    closing.add('stuck too', () => Promise.reject(new Error('never')));
    await closing.run();
    expect(first).toHaveBeenCalledOnce();
    expect(error.mock.calls.map(([fields]) => fields)).toEqual([
      { what: 'stuck too', problem: 'never' },
      { what: 'stuck', problem: 'no' },
    ]);
  });

  it('happens once: who asks again waits for the same end', async () => {
    const closing = new Closing(silentLog);
    let open = (): void => {};
    const step = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
    );
    closing.add('slow', step);
    let ended = 0;
    const both = [closing.run(), closing.run()].map((run) =>
      run.then(() => {
        ended += 1;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(0);
    open();
    await Promise.all(both);
    expect(step).toHaveBeenCalledOnce();
  });
});
