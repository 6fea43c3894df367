import type { Stream } from '@media-analyzer/protocol';
import { describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.js';
import { makeStream } from '../testing/fixtures.js';
import { Announcer } from './announcer.js';

/** Descriptions are answered by the test, in the order that it likes. */
function make() {
  const asked: { readonly resolve: (stream: Stream | null) => void; readonly reject: (error: Error) => void }[] = [];
  const told: string[] = [];
  const announcer = new Announcer({
    describe: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    changed: ({ name }) => told.push(name),
    removed: (streamId) => told.push(`removed ${streamId}`),
    log: silentLog,
  });
  return { announcer, asked, told };
}

const named = (name: string) => makeStream({ name });
const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('an announcer', () => {
  it('tells several changes of one turn as one', async () => {
    const { announcer, asked, told } = make();
    for (let change = 0; change < 5; change++) announcer.announce('stream-1');
    await turns();
    expect(asked).toHaveLength(1);
    asked[0]!.resolve(named('now'));
    await turns();
    expect(told).toEqual(['now']);
  });

  it('never tells an older description after a newer one', async () => {
    const { announcer, asked, told } = make();
    announcer.announce('stream-1');
    await turns();
    announcer.announce('stream-1');
    announcer.announce('stream-1');
    await turns();
    expect(asked, 'the next description waits for the one before').toHaveLength(1);
    asked[0]!.resolve(named('older'));
    await turns();
    asked[1]!.resolve(named('newer'));
    await turns();
    expect(told).toEqual(['older', 'newer']);
    expect(asked).toHaveLength(2);
  });

  it('tells nothing of a stream after its removal, though a description was under way', async () => {
    const { announcer, asked, told } = make();
    announcer.announce('stream-1');
    await turns();
    announcer.remove('stream-1');
    asked[0]!.resolve(named('ghost'));
    await turns();
    expect(told).toEqual(['removed stream-1']);
  });

  it('tells nothing when the stream is gone', async () => {
    const { announcer, asked, told } = make();
    announcer.announce('stream-1');
    await turns();
    asked[0]!.resolve(null);
    await turns();
    expect(told).toEqual([]);
  });

  it('tries again when the database was away', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { announcer, asked, told } = make();
      announcer.announce('stream-1');
      await turns();
      asked[0]!.reject(new Error('away'));
      await turns();
      await vi.advanceTimersByTimeAsync(2000);
      asked[1]!.resolve(named('at last'));
      await turns();
      expect(told).toEqual(['at last']);
      announcer.close();
    } finally {
      vi.useRealTimers();
    }
  });
});
