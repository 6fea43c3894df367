import type { NoticeRecord } from '@media-analyzer/protocol';
import { desc, isNull, lt, sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { noticeHistory } from './schema.js';

/** What operators had to know, over restarts. */
export class NoticeRepository {
  constructor(private readonly database: Database) {}

  /** Those with the newest news, at most `limit`, the newest first. */
  async newest(limit: number): Promise<NoticeRecord[]> {
    return this.database.run((orm) =>
      orm.select().from(noticeHistory).orderBy(desc(noticeHistory.lastAt), desc(noticeHistory.id)).limit(limit),
    );
  }

  /** Stores records, each in place of what was stored under its id. */
  async save(records: readonly NoticeRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.database.run((orm) =>
      orm
        .insert(noticeHistory)
        .values([...records])
        .onConflictDoUpdate({
          target: noticeHistory.id,
          set: {
            severity: sql`excluded.severity`,
            message: sql`excluded.message`,
            lastAt: sql`excluded.last_at`,
            times: sql`excluded.times`,
            overAt: sql`excluded.over_at`,
          },
        }),
    );
  }

  /** What went on when the last server ended is over now. @param at Unix ms */
  async closeInterrupted(at: number): Promise<void> {
    await this.database.run((orm) => orm.update(noticeHistory).set({ overAt: at }).where(isNull(noticeHistory.overAt)));
  }

  /** Deletes what had its last news before this, Unix ms. */
  async removeBefore(at: number): Promise<void> {
    await this.database.run((orm) => orm.delete(noticeHistory).where(lt(noticeHistory.lastAt, at)));
  }
}
