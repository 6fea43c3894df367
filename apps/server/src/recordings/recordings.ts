import type { Readable } from 'node:stream';
import {
  CodedError,
  type DownloadQuery,
  type Page,
  type Presence,
  type PresenceQuery,
  type Recording,
  type RecordingsQuery,
  type Session,
  type ViewerFilter,
} from '@media-analyzer/protocol';
import { chooseSegments, type Mp4Download, openDownload } from './download.js';
import type { PictureObjects, RecordingRows, Sessions } from './ports.js';

export interface RecordingsOptions {
  readonly sessions: Sessions;
  readonly rows: RecordingRows;
  readonly objects: PictureObjects;
  /** Resolves when what was seen up to now is stored. */
  settle(): Promise<void>;
}

/** What there is to watch and to know of a stream's sessions. Unknown ones are `stream_not_found`, `session_not_found`. */
export class Recordings {
  constructor(private readonly options: RecordingsOptions) {}

  /** Newest first. */
  async list(streamId: string, { limit, cursor, ...filter }: RecordingsQuery): Promise<Page<Recording>> {
    const { items, nextCursor } = await this.options.sessions.sessions(streamId, { limit, cursor });
    return { items: await this.describe(items, filter), nextCursor };
  }

  async get(streamId: string, sessionId: string, filter: ViewerFilter): Promise<Recording> {
    const session = await this.options.sessions.session(streamId, sessionId);
    return (await this.describe([session], filter))[0]!;
  }

  /** @throws CodedError `session_live` */
  remove(streamId: string, sessionId: string): Promise<void> {
    return this.options.sessions.removeSession(streamId, sessionId);
  }

  /** The picture at or right before `atMs`, by default the newest. @throws CodedError `picture_not_found` */
  async picture(streamId: string, sessionId: string, atMs = Number.MAX_SAFE_INTEGER) {
    const { sessions, rows, objects } = this.options;
    const session = await sessions.session(streamId, sessionId);
    const found = await rows.nearestPicture(sessionId, atMs);
    const none = () => new CodedError('picture_not_found', { sessionId, atMs });
    if (found === null) throw none();
    return {
      ptsMs: found.ptsMs,
      settled: found.settled || (session.endedAt !== null && atMs !== Number.MAX_SAFE_INTEGER),
      open: async (): Promise<Readable> => {
        const picture = await objects.openPicture(streamId, sessionId, found.ptsMs);
        if (picture === null) throw none();
        return picture;
      },
    };
  }

  /** @throws CodedError `download_empty`, `download_in_parts` */
  async download(streamId: string, sessionId: string, query: DownloadQuery): Promise<Mp4Download> {
    const { sessions, rows, objects } = this.options;
    const session = await sessions.session(streamId, sessionId);
    const segments = chooseSegments(await rows.listForSession(sessionId), { sessionId, ...query });
    return openDownload({ session, segments, read: (name) => objects.read(streamId, sessionId, name) });
  }

  /** By default of the whole current or newest session. @throws CodedError `session_not_found` when there is none */
  async presence(streamId: string, query: PresenceQuery): Promise<Presence> {
    const { session: sessionId, from, to, every, ...filter } = query;
    const { sessions, rows, settle } = this.options;
    const session = sessionId ? await sessions.session(streamId, sessionId) : await sessions.currentSession(streamId);
    if (session === null) throw new CodedError('session_not_found', { streamId, sessionId: 'newest' });
    await settle();
    const toMs = Math.max(from, Math.min(to ?? session.durationMs, session.durationMs + 1000));
    const [seen, pictured] = await Promise.all([
      rows.presence({ sessionId: session.id, fromMs: from, toMs, everyMs: every, filter }),
      rows.pictured([session.id]),
    ]);
    return { ...seen, pictures: pictured.has(session.id) };
  }

  private async describe(sessions: readonly Session[], filter: ViewerFilter): Promise<Recording[]> {
    const ids = sessions.map(({ id }) => id);
    const { rows } = this.options;
    const [classes, first, inits, pictured] = await Promise.all([
      rows.classesOf(ids, filter),
      rows.firstMediaOf(ids),
      rows.initCounts(ids),
      rows.pictured(ids),
    ]);
    return sessions.map((session) => {
      const { id, streamId, endedAt } = session;
      const base = `/api/streams/${streamId}/sessions/${id}`;
      return {
        ...session,
        onAir: endedAt === null,
        mediaFromMs: first.get(id) ?? null,
        classes: classes.get(id) ?? [],
        playbackUrl: `/hls/${streamId}/${id}/recording.m3u8`,
        parts: inits.get(id) ?? 0,
        pictureUrl: pictured.has(id) ? `${base}/picture.jpg` : null,
        downloadUrl: `${base}/download.mp4`,
      };
    });
  }
}
