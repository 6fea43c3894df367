import type { NoticeRecord } from '@media-analyzer/protocol';
import { expect, it } from 'vitest';
import { NoticeRepository } from './notice-repository.js';
import { StreamRepository } from './stream-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { makeSession } from './testing/samples.js';

const record = (change: Partial<NoticeRecord>): NoticeRecord => ({
  ...{ id: 'n1', code: 'process_exited', message: 'It ended', severity: 'warning', streamId: null },
  ...{ since: 1000, lastAt: 1000, times: 1, overAt: null },
  ...change,
});

onBothDatabases('the history of notices', (database) => {
  it('keeps the newest word of each record, ends what a crash left open, and forgets what is old', async () => {
    const rows = new NoticeRepository(database());
    await rows.save([]);
    await rows.save([record({}), record({ id: 'n2', lastAt: 2000, overAt: 2500 })]);
    await rows.save([record({ times: 3, lastAt: 3000, message: 'It ended again' })]);
    expect(await rows.newest(10)).toEqual([
      record({ times: 3, lastAt: 3000, message: 'It ended again' }),
      record({ id: 'n2', lastAt: 2000, overAt: 2500 }),
    ]);
    await rows.closeInterrupted(4000);
    expect((await rows.newest(1))[0]?.overAt).toBe(4000);
    await rows.removeBefore(2500);
    expect((await rows.newest(10)).map(({ id }) => id)).toEqual(['n1']);
  });

  it('goes with its stream', async () => {
    const rows = new NoticeRepository(database());
    const { streamId } = await makeSession(database());
    await rows.save([record({ id: 'of-stream', streamId })]);
    await new StreamRepository(database()).remove(streamId);
    expect((await rows.newest(10)).map(({ id }) => id)).not.toContain('of-stream');
  });
});
