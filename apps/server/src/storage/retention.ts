import { describeError, type Page } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import type { AnalysisRepository } from './analysis-repository.js';
import { mediaKey, sessionPrefix } from './object-keys.js';
import type { ObjectStore } from './object-store.js';
import { type PictureRepository, pictureName } from './picture-repository.js';
import type { SeenRepository } from './seen-repository.js';
import type { AgedSegment, SegmentRepository } from './segment-repository.js';
import type { SessionRepository } from './session-repository.js';
import type { StreamRecord, StreamRepository } from './stream-repository.js';

/** Segments looked at, and removed in one transaction, at a time. */
const BATCH = 200;
/** Analyses removed by one statement: about a second of the embedded database. */
const ANALYSES_BATCH = 5000;
const STREAMS_PAGE = 100;

export interface RetentionOptions {
  readonly store: ObjectStore;
  readonly streams: StreamRepository;
  readonly segments: SegmentRepository;
  readonly sessions: SessionRepository;
  readonly analyses: AnalysisRepository;
  readonly pictures: PictureRepository;
  readonly seen: SeenRepository;
  readonly log: Logger;
  /**
   * The newest media of a session on air that are never removed, ms: what players are about to fetch. Default 30 s. When a
   * limit asks for them all the same, that is counted (`keptSegments`) and logged.
   */
  readonly playingWindowMs?: number;
  /** Told of segments on air that were removed, so that the packager takes them out of its playlist. */
  readonly onRemoved?: (streamId: string, removed: readonly AgedSegment[]) => void;
  readonly now?: () => number;
}

/** What a run did, to one stream or to all. */
export interface RetentionReport {
  readonly removedSegments: number;
  readonly removedBytes: number;
  readonly removedAnalyses: number;
  readonly removedSessions: number;
  /** Segments that break a limit and stay, because they are being played. */
  readonly keptSegments: number;
  readonly keptBytes: number;
  /** Objects that could not be deleted. Their rows stay, so the next run tries again. */
  readonly failures: number;
}

const NOTHING: RetentionReport = {
  removedSegments: 0,
  removedBytes: 0,
  removedAnalyses: 0,
  removedSessions: 0,
  keptSegments: 0,
  keptBytes: 0,
  failures: 0,
};

/**
 * Holds streams to their limits: the oldest media go first, by age and by size, those of the session on air included.
 *
 * Objects are deleted before their rows. A crash in between leaves a row whose object is gone; the next run finds it first,
 * deletes the object once more, which is no error, and then the row. So nothing is ever forgotten on the disk.
 * Analyses live by age alone: what was seen outlives media that had to go for room.
 */
export class RetentionJob {
  private readonly playingWindowMs: number;
  private readonly now: () => number;

  constructor(private readonly options: RetentionOptions) {
    this.playingWindowMs = options.playingWindowMs ?? 30_000;
    this.now = options.now ?? Date.now;
  }

  /** Enforces the limits of every stream. One that fails is logged and does not keep the others from their turn. */
  async run(): Promise<RetentionReport> {
    let total = NOTHING;
    let cursor: string | undefined;
    do {
      const page: Page<StreamRecord> = await this.options.streams.list({ limit: STREAMS_PAGE, cursor });
      for (const stream of page.items) {
        try {
          total = add(total, await this.enforce(stream));
        } catch (error) {
          total = add(total, { ...NOTHING, failures: 1 });
          this.options.log.error(
            { streamId: stream.id, problem: describeError(error) },
            'retention failed; the next run tries again',
          );
        }
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return total;
  }

  /** @throws CodedError `database_unreachable`; what was removed until then stays removed. */
  async enforce(stream: StreamRecord): Promise<RetentionReport> {
    const { maxAgeMs } = stream.retention;
    const before = maxAgeMs === null ? null : this.now() - maxAgeMs;
    const media = await this.removeMedia(stream, before);
    const failures =
      media.failures + (await this.removeUnusedInits(stream.id)) + (await this.removePictures(stream.id));
    const removedAnalyses = before === null ? 0 : await this.removeAnalyses(stream.id, before);
    if (removedAnalyses > 0 && before !== null) await this.options.seen.removeOlderThan(stream.id, before);
    const removedSessions = before === null ? 0 : await this.removeEmptySessions(stream.id, before);
    const report = { ...media, failures, removedAnalyses, removedSessions };
    this.log(stream, report);
    return report;
  }

  private async removeMedia(stream: StreamRecord, before: number | null): Promise<RetentionReport> {
    let total = NOTHING;
    for (;;) {
      const { due, kept } = await this.findDue(stream, before);
      const removed = await this.removeObjects(stream.id, due);
      await this.options.segments.remove(removed.map(({ id }) => id));
      const live = removed.filter((segment) => segment.live);
      if (live.length > 0) this.options.onRemoved?.(stream.id, live);
      const failures = due.length - removed.length;
      total = add(total, { ...NOTHING, removedSegments: removed.length, removedBytes: sumBytes(removed), failures });
      // Until nothing is due. What cannot be deleted now is left to the next run.
      if (removed.length === 0 || failures > 0)
        return { ...total, keptSegments: kept.length, keptBytes: sumBytes(kept) };
    }
  }

  /** The next of the oldest segments that break a limit, and those that do and are being played. */
  private async findDue({ id, retention: { maxBytes } }: StreamRecord, before: number | null) {
    const due: AgedSegment[] = [];
    const kept: AgedSegment[] = [];
    let { bytes } = await this.options.segments.totals(id);
    for (const segment of await this.options.segments.oldest(id, BATCH)) {
      const tooOld = before !== null && segment.endedAt < before;
      const tooMuch = maxBytes !== null && bytes > maxBytes;
      if (!tooOld && !tooMuch) break;
      const played = segment.live && segment.behindLiveMs < this.playingWindowMs;
      (played ? kept : due).push(segment);
      bytes -= segment.bytes;
    }
    return { due, kept };
  }

  /** Returns those whose object is gone. */
  private async removeObjects(streamId: string, due: readonly AgedSegment[]): Promise<readonly AgedSegment[]> {
    const removed: AgedSegment[] = [];
    for (const segment of due) {
      if (segment.gap || (await this.deleteObject(mediaKey(streamId, segment.sessionId, segment.name))))
        removed.push(segment);
    }
    return removed;
  }

  private async deleteObject(object: string): Promise<boolean> {
    try {
      await this.options.store.delete(object);
      return true;
    } catch (error) {
      this.options.log.error(
        { object, problem: describeError(error) },
        'media cannot be deleted; the next run tries again',
      );
      return false;
    }
  }

  private async removeAnalyses(streamId: string, before: number): Promise<number> {
    let total = 0;
    for (;;) {
      const removed = await this.options.analyses.removeOlderThan(streamId, before, ANALYSES_BATCH);
      total += removed;
      if (removed < ANALYSES_BATCH) return total;
    }
  }

  /** Init segments of ended sessions that no segment needs any more. Returns the failures. */
  private async removeUnusedInits(streamId: string): Promise<number> {
    let failures = 0;
    for (const { sessionId, name } of await this.options.segments.listUnusedInits(streamId)) {
      if (await this.deleteObject(mediaKey(streamId, sessionId, name)))
        await this.options.segments.removeInit(sessionId, name);
      else failures++;
    }
    return failures;
  }

  /** Pictures of stretches whose media are gone. Returns the failures. */
  private async removePictures(streamId: string): Promise<number> {
    for (;;) {
      const due = await this.options.pictures.listOutlived(streamId, BATCH);
      const removed = new Map<string, number[]>();
      for (const { sessionId, ptsMs } of due) {
        if (!(await this.deleteObject(mediaKey(streamId, sessionId, pictureName(ptsMs))))) continue;
        removed.set(sessionId, [...(removed.get(sessionId) ?? []), ptsMs]);
      }
      let count = 0;
      for (const [sessionId, ptsMs] of removed) {
        await this.options.pictures.remove(sessionId, ptsMs);
        count += ptsMs.length;
      }
      if (count < due.length || due.length < BATCH) return due.length - count;
    }
  }

  /** Sessions of which nothing is left and that are too old themselves. */
  private async removeEmptySessions(streamId: string, before: number): Promise<number> {
    const removed = await this.options.sessions.removeEmpty(streamId, before);
    for (const sessionId of removed) {
      const folder = sessionPrefix(streamId, sessionId);
      await this.options.store.deletePrefix(folder).catch((error: unknown) => {
        this.options.log.error(
          { object: folder, problem: describeError(error) },
          'empty folder cannot be deleted; the next sweep tries again',
        );
      });
    }
    return removed.length;
  }

  private log({ id: streamId, retention }: StreamRecord, report: RetentionReport): void {
    if (report.keptSegments > 0) {
      const { keptSegments, keptBytes } = report;
      this.options.log.warn(
        { streamId, keptSegments, keptBytes, ...retention },
        'retention limit is below what is being played; it is kept',
      );
    }
    if (report.removedSegments + report.removedAnalyses + report.removedSessions > 0)
      this.options.log.info({ streamId, ...report }, 'retention enforced');
  }
}

function sumBytes(segments: readonly AgedSegment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

function add(a: RetentionReport, b: RetentionReport): RetentionReport {
  return {
    removedSegments: a.removedSegments + b.removedSegments,
    removedBytes: a.removedBytes + b.removedBytes,
    removedAnalyses: a.removedAnalyses + b.removedAnalyses,
    removedSessions: a.removedSessions + b.removedSessions,
    keptSegments: a.keptSegments + b.keptSegments,
    keptBytes: a.keptBytes + b.keptBytes,
    failures: a.failures + b.failures,
  };
}
