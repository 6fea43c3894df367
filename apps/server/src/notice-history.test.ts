import type { NoticeRecord } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { silentLog } from './log.js';
import { NoticeHistory } from './notice-history.js';

const HOUR = 3_600_000;
const crash = {
  code: 'process_exited',
  message: 'The vision process ended',
  severity: 'warning',
  streamId: null,
} as const;

async function scene(stored: NoticeRecord[] = []) {
  let now = 0;
  let ids = 0;
  const saved = new Map(stored.map((record) => [record.id, record]));
  const open = () =>
    NoticeHistory.open({
      rows: {
        newest: async () => [...saved.values()].sort((a, b) => b.lastAt - a.lastAt),
        save: async (records) => {
          for (const record of records) saved.set(record.id, record);
        },
        closeInterrupted: async (at) => {
          for (const record of saved.values())
            if (record.overAt === null) saved.set(record.id, { ...record, overAt: at });
        },
        removeBefore: async () => {},
      },
      log: silentLog,
      newId: () => `n${++ids}`,
      now: () => now,
    });
  return {
    open,
    saved,
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('the history of notices', () => {
  it('counts the same thing coming again as one entry, and says whether it goes on', async () => {
    const { open, at } = await scene();
    const history = await open();
    for (const ms of [1000, 2000, 3000]) {
      at(ms);
      history.happened(crash);
    }
    history.began({ ...crash, code: 'storage_full', streamId: 's1' });
    expect(history.all).toMatchObject([
      { code: 'storage_full', streamId: 's1', since: 3000, times: 1, overAt: null },
      { code: 'process_exited', since: 1000, lastAt: 3000, times: 3, overAt: 3000 },
    ]);
    at(9000);
    history.over('storage_full', 's1');
    history.over('storage_full', null);
    expect(history.all[0]).toMatchObject({ lastAt: 3000, overAt: 9000 });
  });

  it('begins a new entry when the last time was long ago', async () => {
    const { open, at } = await scene();
    const history = await open();
    history.happened(crash);
    at(25 * HOUR);
    history.happened(crash);
    expect(history.all.map(({ since, times }) => [since, times])).toEqual([
      [25 * HOUR, 1],
      [0, 1],
    ]);
  });

  it('outlives a restart: what went on is over, and what comes again is counted on', async () => {
    const { open, at, saved } = await scene();
    const before = await open();
    before.began(crash);
    await before.save();
    at(5000);
    const after = await open();
    expect(after.all).toMatchObject([{ id: 'n1', overAt: 5000 }]);
    at(6000);
    after.began(crash);
    await after.save();
    expect([...saved.values()]).toMatchObject([{ id: 'n1', times: 2, lastAt: 6000, overAt: null }]);
  });

  it('is bounded, and lets go of what belonged to a stream that is gone', async () => {
    const { open } = await scene();
    const history = await open();
    for (let stream = 0; stream < 500; stream++) history.happened({ ...crash, streamId: `s${stream}` });
    expect(history.all).toHaveLength(100);
    history.removeStream('s499');
    expect(history.all.map(({ streamId }) => streamId)).not.toContain('s499');
  });
});
