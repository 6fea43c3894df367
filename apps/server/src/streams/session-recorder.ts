import { readInitSegment } from '@media-analyzer/media/fmp4';
import type { SegmentInfo, SegmentStore } from '@media-analyzer/media/hls';
import {
  CodedError,
  describeError,
  type FrameCounts,
  type Gap,
  type Session,
  type Track,
} from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import type { MediaObjects, PictureRows, SegmentRows, SessionRows } from './ports.js';
import { RetryQueue } from './retry-queue.js';
import { SessionGaps } from './session-gaps.js';
import { infosOf } from './track-info.js';

/** How long the records of a session may take when the server stops or the stream is removed, ms. */
const HURRY_MS = 5000;

/** Whose record it is, and where it goes. */
export interface SessionRecorderOptions {
  readonly streamId: string;
  readonly sessionId: string;
  readonly objects: MediaObjects;
  readonly segments: SegmentRows;
  readonly pictures: PictureRows;
  readonly sessions: SessionRows;
  readonly log: Logger;
}

/**
 * Keeps what a session leaves behind: objects at once, because a segment that is not stored is a gap in the playlist; their
 * records in order behind it, with patience for a database that is away.
 */
export class SessionRecorder implements SegmentStore {
  readonly #options: SessionRecorderOptions;
  readonly #records: RetryQueue;
  readonly #gaps = new SessionGaps((gap) => this.#recordGap(gap));
  #storedBytes = 0;
  #hurried = false;
  #closing = false;

  constructor(options: SessionRecorderOptions) {
    this.#options = options;
    this.#records = new RetryQueue({ log: options.log });
  }

  /** Stretches of the session without media. */
  get gaps(): Gap[] {
    return this.#gaps.all;
  }

  /** Bytes of the media that are stored. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Records that wait for the database. */
  get waiting(): number {
    return this.#records.waiting;
  }

  /** Records that were lost. */
  get dropped(): number {
    return this.#records.dropped + this.#gaps.leftOut;
  }

  /** What the session shows and plays from here on. A kind that is not among the tracks keeps what it had. */
  tracks(tracks: readonly Track[]): void {
    const { sessions, sessionId } = this.#options;
    const { video, audio } = infosOf(tracks);
    this.#records.add('tracks', () => sessions.update(sessionId, { ...(video && { video }), ...(audio && { audio }) }));
  }

  publisher(publisher: Session['publisher']): void {
    this.#records.add('publisher', () => this.#options.sessions.update(this.#options.sessionId, { publisher }));
  }

  /** What became of the frames up to now. */
  frames(frames: FrameCounts): void {
    this.#records.add('frames', () => this.#options.sessions.update(this.#options.sessionId, { frames }));
  }

  gap(gap: Gap): void {
    this.#gaps.add(gap);
  }

  async putInit(name: string, bytes: Uint8Array): Promise<void> {
    const { streamId, sessionId, objects, segments } = this.#options;
    // Asked of the bytes themselves: by now the source may have announced the tracks of the next one.
    const tracks = readInitSegment(bytes).tracks.map(({ track }) => track);
    await objects.put(streamId, sessionId, name, bytes);
    this.#storedBytes += bytes.length;
    const codecs = tracks.map(({ codecString }) => codecString);
    this.#records.add('init segment', () =>
      segments.addInit({ sessionId, name, bytes: bytes.length, codecs, ...infosOf(tracks) }),
    );
  }

  async putSegment(info: SegmentInfo, bytes: Uint8Array): Promise<void> {
    await this.#options.objects.put(this.#options.streamId, this.#options.sessionId, info.name, bytes);
  }

  /** Keeps a small picture. Nobody misses one that could not be kept: it is logged, and the next one comes. */
  async picture(ptsMs: number, jpeg: Uint8Array): Promise<void> {
    const { streamId, sessionId, objects, pictures, log } = this.#options;
    const at = Math.round(ptsMs);
    try {
      await objects.putPicture(streamId, sessionId, at, jpeg);
    } catch (error) {
      log.debug({ streamId, sessionId, problem: describeError(error) }, 'picture not kept');
      return;
    }
    this.#storedBytes += jpeg.length;
    this.#records.add('picture', () => pictures.add({ sessionId, ptsMs: at, bytes: jpeg.length }));
  }

  /** A segment is settled: stored, or lost and thereby a gap of the session. */
  segment({ name, msn, startMs, durationMs, bytes, initName, discontinuity, independent, gap }: SegmentInfo): void {
    const { sessionId, segments } = this.#options;
    const row = { sessionId, name, msn, startMs, durationMs, bytes, initName, discontinuity, independent, gap };
    this.#records.add('segment', () => segments.add(row));
    if (gap) this.#gaps.lost(startMs, startMs + durationMs);
    else {
      this.#gaps.settle();
      this.#storedBytes += bytes;
    }
  }

  /** Media of this session were deleted by its limits. */
  removed(bytes: number): void {
    this.#storedBytes = Math.max(0, this.#storedBytes - bytes);
  }

  /** Writes the end of the session. Resolves when everything before it is written too, or after `hurry` was called. */
  async end(end: Parameters<SessionRows['end']>[1]): Promise<void> {
    this.#gaps.settle();
    this.#records.add('end', () => this.#options.sessions.end(this.#options.sessionId, end));
    await this.#close();
  }

  /** Forgets the session: it never had any media. Resolves as `end` does. */
  async discard(): Promise<void> {
    this.#records.add('discard', () => this.#options.sessions.discard(this.#options.sessionId));
    await this.#close();
  }

  /** There is little time left: from the end on, what the database does not take soon is dropped and counted. */
  hurry(): void {
    this.#hurried = true;
    if (this.#closing) void this.#records.close(HURRY_MS);
  }

  async #close(): Promise<void> {
    this.#closing = true;
    await this.#records.close(this.#hurried ? HURRY_MS : null);
  }

  #recordGap(gap: Gap): void {
    this.#records.add('gap', () => this.#options.sessions.addGap(this.#options.sessionId, gap));
  }
}

/** What the packager says of a failed store in the two words that an operator gets to read: full, or failed. */
export function storageProblem(problem: CodedError | null): CodedError | null {
  if (problem === null || problem.code === 'storage_full' || problem.code === 'storage_failed') return problem;
  return new CodedError('storage_failed', { path: 'media', problem: problem.message });
}
