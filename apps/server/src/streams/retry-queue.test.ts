import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.js';
import { RetryQueue } from './retry-queue.js';

const QUICK = { firstMs: 1, longestMs: 2 };
const away = () => new CodedError('database_unreachable', { problem: 'the test says so' });

describe('a retry queue', () => {
  it('does its jobs in order, one at a time', async () => {
    const queue = new RetryQueue({ log: silentLog });
    const done: number[] = [];
    let atOnce = 0;
    for (let job = 0; job < 5; job++)
      queue.add('job', async () => {
        expect(++atOnce).toBe(1);
        await Promise.resolve();
        atOnce -= 1;
        done.push(job);
      });
    await queue.close(null);
    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect(queue).toMatchObject({ dropped: 0, waiting: 0 });
  });

  it('takes a job that comes in the very moment in which it ran out of work', async () => {
    const queue = new RetryQueue({ log: silentLog });
    const second = vi.fn(async () => {});
    await new Promise<void>((resolve) => {
      queue.add('first', async () => {
        // Runs in the turns in which the queue finds itself empty.
        void Promise.resolve()
          .then(() => {})
          .then(() => {})
          .then(() => {
            queue.add('second', second);
            resolve();
          });
      });
    });
    await queue.close(null);
    expect(second).toHaveBeenCalledOnce();
  });

  it('tries again, in order, while the database is away', async () => {
    const queue = new RetryQueue({ log: silentLog, retry: QUICK });
    const done: string[] = [];
    let failures = 7;
    queue.add('first', async () => {
      if (failures-- > 0) throw away();
      done.push('first');
    });
    queue.add('second', async () => void done.push('second'));
    await queue.close(null);
    expect(done).toEqual(['first', 'second']);
    expect(queue.dropped).toBe(0);
  });

  it('passes over a record that the database refuses again and again, and counts it', async () => {
    const queue = new RetryQueue({ log: silentLog, retry: QUICK });
    const refused = vi.fn(async () => {
      throw new Error('violates a constraint');
    });
    const next = vi.fn(async () => {});
    queue.add('refused', refused);
    queue.add('next', next);
    await queue.close(null);
    expect(refused).toHaveBeenCalledTimes(3);
    expect(next).toHaveBeenCalledOnce();
    expect(queue.dropped).toBe(1);
  });

  it('writes a record that met another transaction once, at the next try', async () => {
    const queue = new RetryQueue({ log: silentLog, retry: QUICK });
    const deadlocked = vi.fn(async () => {}).mockRejectedValueOnce(new Error('deadlock detected'));
    queue.add('deadlocked', deadlocked);
    await queue.close(null);
    expect(deadlocked).toHaveBeenCalledTimes(2);
    expect(queue.dropped).toBe(0);
  });

  it('holds no more jobs than its capacity, and counts the others', async () => {
    const queue = new RetryQueue({ log: silentLog, capacity: 3, retry: QUICK });
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    for (let job = 0; job < 10; job++) queue.add('job', () => gate);
    expect(queue).toMatchObject({ waiting: 3, dropped: 7 });
    open();
    await queue.close(null);
    expect(queue).toMatchObject({ waiting: 0, dropped: 7 });
  });

  it('gives up at the deadline of its end, also with a job that hangs, and counts what is left', async () => {
    const queue = new RetryQueue({ log: silentLog });
    const never = vi.fn(async () => {});
    queue.add('hangs', () => new Promise(() => {}));
    queue.add('never', never);
    await queue.close(5);
    expect(never).not.toHaveBeenCalled();
    expect(queue).toMatchObject({ dropped: 2, waiting: 0 });
  });

  it('can be given a nearer deadline while it closes', async () => {
    const queue = new RetryQueue({ log: silentLog });
    queue.add('away', async () => {
      throw away();
    });
    const closed = queue.close(null);
    await queue.close(5);
    await closed;
    expect(queue.dropped).toBe(1);
  });

  it('takes nothing after its end', async () => {
    const queue = new RetryQueue({ log: silentLog });
    await queue.close(null);
    const late = vi.fn(async () => {});
    queue.add('late', late);
    expect(late).not.toHaveBeenCalled();
    expect(queue.dropped).toBe(1);
  });
});
