import { describeError } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import { MEDIA_ROOT } from './object-keys.js';
import type { ObjectStat, ObjectStore } from './object-store.js';
import type { SegmentRepository } from './segment-repository.js';
import type { SessionRepository } from './session-repository.js';

/** An object younger than this may have its row on the way, ms. */
const YOUNG_MS = 10 * 60_000;

export interface SweepOptions {
  readonly store: ObjectStore;
  readonly segments: SegmentRepository;
  readonly sessions: SessionRepository;
  readonly log: Logger;
  /** Objects younger than this are left alone, ms. Default 10 minutes. */
  readonly youngMs?: number;
  readonly now?: () => number;
}

/** What a sweep deleted, bytes included, and how many objects it could not delete. */
export interface SweepReport {
  readonly deleted: number;
  readonly deletedBytes: number;
  readonly failures: number;
}

/**
 * Deletes media that no row speaks of: what was stored right before a crash, and what was left of a removed stream. For the
 * start, and for once in a while.
 *
 * @throws CodedError `database_unreachable`, `storage_failed`; nothing is deleted on a guess.
 */
export async function sweepOrphans(options: SweepOptions): Promise<SweepReport> {
  const { store, log, youngMs = YOUNG_MS, now = Date.now } = options;
  const before = now() - youngMs;
  const known = new KnownNames(options);
  const report = { deleted: 0, deletedBytes: 0, failures: 0 };
  for await (const object of store.list(MEDIA_ROOT)) {
    if (object.modifiedAt > before || (await known.has(object))) continue;
    try {
      await store.delete(object.key);
      report.deleted++;
      report.deletedBytes += object.size;
    } catch (error) {
      report.failures++;
      log.error(
        { object: object.key, problem: describeError(error) },
        'orphaned media cannot be deleted; the next sweep tries again',
      );
    }
  }
  if (report.deleted > 0) log.info(report, 'media without a record deleted');
  return report;
}

/** Which objects rows speak of. Holds the names of one session at a time: a listing goes folder by folder. */
class KnownNames {
  private prefix = '';
  private names: ReadonlySet<string> = new Set();

  constructor(private readonly options: Pick<SweepOptions, 'segments' | 'sessions'>) {}

  async has({ key }: ObjectStat): Promise<boolean> {
    const [streamId, sessionId, ...rest] = key.slice(MEDIA_ROOT.length).split('/');
    if (streamId === undefined || sessionId === undefined || rest.length === 0) return false;
    const prefix = `${streamId}/${sessionId}/`;
    if (prefix !== this.prefix) {
      this.names = await this.namesOf(streamId, sessionId);
      this.prefix = prefix;
    }
    return this.names.has(rest.join('/'));
  }

  private async namesOf(streamId: string, sessionId: string): Promise<ReadonlySet<string>> {
    const session = await this.options.sessions.find(sessionId);
    return session?.streamId === streamId ? this.options.segments.objectNames(sessionId) : new Set();
  }
}
