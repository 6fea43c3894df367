import type { SegmentInfo, SegmentStore } from '@media-analyzer/media/hls';
import { CodedError, type Gap, type Session, type Track } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';
import type { MediaObjects, SegmentRows, SessionRows } from './ports.js';
import { RetryQueue } from './retry-queue.js';
import { toAudioInfo, toVideoInfo } from './track-info.js';

/** How long the records of a session that ended may take, ms, before what is left is given up. */
const CLOSE_DEADLINE_MS = 5000;

export interface SessionRecorderOptions {
  readonly streamId: string;
  readonly sessionId: string;
  readonly objects: MediaObjects;
  readonly segments: SegmentRows;
  readonly sessions: SessionRows;
  readonly log: Logger;
}

/**
 * Keeps what a session leaves behind: objects at once, because a segment that is not stored is a gap in the playlist; their
 * records in order behind it, with patience for a database that is away.
 */
export class SessionRecorder implements SegmentStore {
  private readonly records: RetryQueue;
  private tracks: readonly Track[] = [];

  constructor(private readonly options: SessionRecorderOptions) {
    this.records = new RetryQueue({ log: options.log });
  }

  setTracks(tracks: readonly Track[]): void {
    this.tracks = tracks;
    const { sessions, sessionId } = this.options;
    const { video, audio } = infosOf(tracks);
    this.records.add('tracks', () => sessions.update(sessionId, { ...(video && { video }), ...(audio && { audio }) }));
  }

  publisher(publisher: Session['publisher']): void {
    this.records.add('publisher', () => this.options.sessions.update(this.options.sessionId, { publisher }));
  }

  gap(gap: Gap): void {
    this.records.add('gap', () => this.options.sessions.addGap(this.options.sessionId, gap));
  }

  async putInit(name: string, bytes: Uint8Array): Promise<void> {
    const { streamId, sessionId, objects, segments } = this.options;
    await objects.put(streamId, sessionId, name, bytes);
    const codecs = this.tracks.map(({ codecString }) => codecString);
    const infos = infosOf(this.tracks);
    this.records.add('init segment', () =>
      segments.addInit({ sessionId, name, bytes: bytes.length, codecs, ...infos }),
    );
  }

  async putSegment(info: SegmentInfo, bytes: Uint8Array): Promise<void> {
    await this.options.objects.put(this.options.streamId, this.options.sessionId, info.name, bytes);
  }

  /** A segment is settled: stored, or lost and thereby a gap of the session. */
  segment({ name, msn, startMs, durationMs, bytes, initName, discontinuity, independent, gap }: SegmentInfo): void {
    const { sessionId, segments } = this.options;
    const row = { sessionId, name, msn, startMs, durationMs, bytes, initName, discontinuity, independent, gap };
    this.records.add('segment', () => segments.add(row));
    if (gap) this.gap({ fromMs: startMs, toMs: startMs + durationMs, reason: 'storage_full' });
  }

  /** Writes the end of the session and waits for everything before it. */
  async end(end: Parameters<SessionRows['end']>[1]): Promise<void> {
    this.records.add('end', () => this.options.sessions.end(this.options.sessionId, end));
    await this.records.close(CLOSE_DEADLINE_MS);
  }
}

function infosOf(tracks: readonly Track[]) {
  const video = tracks.find((track) => track.kind === 'video');
  const audio = tracks.find((track) => track.kind === 'audio');
  return { video: video ? toVideoInfo(video) : null, audio: audio ? toAudioInfo(audio) : null };
}

/** Whether a problem is worth an operator's notice; any failure to store is. */
export function storageProblem(problem: CodedError | null): CodedError | null {
  if (problem === null || problem.code === 'storage_full' || problem.code === 'storage_failed') return problem;
  return new CodedError('storage_failed', { path: 'media', problem: problem.message });
}
