import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type HeldMedia, renderMultivariantPlaylist, vodPlaylist } from '@media-analyzer/media/hls';
import { CodedError, type Session } from '@media-analyzer/protocol';
import type { LiveSession } from './live-session.js';
import type { MediaObjects, SegmentRow, SegmentRows } from './ports.js';
import { tracksOf } from './track-info.js';

/** How long a request for a playlist waits for a session that has just begun to be playable, ms. */
const FIRST_SEGMENT_WAIT_MS = 8000;
/** When to ask again for a session that is still not playable, s: the answer waits by itself. */
const RETRY_AFTER_SECONDS = 1;
const END_OF_LIST = '#EXT-X-ENDLIST';

/** Where media and what is known of them come from. */
export interface PlaybackOptions {
  readonly sessions: {
    packagedSession(streamId: string, sessionId: string): LiveSession | null;
    currentSession(streamId: string): Promise<Session | null>;
    session(streamId: string, sessionId: string): Promise<Session>;
  };
  readonly segments: SegmentRows;
  readonly objects: MediaObjects;
}

interface Playlist {
  readonly body: string;
  readonly etag: string;
  readonly ended: boolean;
}

interface PlaylistRequest {
  readonly msn?: number | undefined;
  readonly part?: number | undefined;
  readonly skip: boolean;
  readonly signal: AbortSignal;
}

type File =
  | HeldMedia
  | {
      readonly size: number;
      open(range?: { readonly start: number; readonly end: number }): Promise<Readable>;
    };

/** What players ask for: from the packager while a session is on air, from what is stored afterwards. */
export class Playback {
  constructor(private readonly options: PlaybackOptions) {}

  /**
   * By default of the current or newest session.
   * @throws CodedError `playback_not_ready`, `playback_not_found`, `stream_not_found`, `session_not_found`
   */
  async multivariant(streamId: string, sessionId?: string): Promise<Playlist> {
    const { sessions } = this.options;
    const session =
      sessionId === undefined ? await sessions.currentSession(streamId) : await sessions.session(streamId, sessionId);
    if (session === null) throw nothingAt(`/hls/${streamId}/index.m3u8`);
    const mediaUri = `${session.id}/media.m3u8`;
    const packaged = sessions.packagedSession(streamId, session.id);
    if (packaged) {
      if (packaged.state !== 'ended') await packaged.packager.whenPlayable(FIRST_SEGMENT_WAIT_MS);
      const body = packaged.packager.multivariantPlaylist(mediaUri);
      if (body === null) throw (packaged.state === 'ended' ? nothingAt : nothingYet)(`/hls/${streamId}/index.m3u8`);
      return { body, etag: hash(body), ended: packaged.state === 'ended' };
    }
    const segments = await this.#stored(session);
    const body = renderMultivariantPlaylist({
      tracks: tracksOf(session.video, session.audio),
      mediaUri,
      ...bitrates(segments),
      frameRate: session.video?.frameRate ?? null,
      independent: segments.every(({ independent }) => independent),
    });
    return { body, etag: hash(body), ended: true };
  }

  /** @throws CodedError as `multivariant`, and what `LiveHlsPackager.mediaPlaylist` throws; the signal's reason */
  async mediaPlaylist(streamId: string, sessionId: string, request: PlaylistRequest): Promise<Playlist> {
    const packaged = this.options.sessions.packagedSession(streamId, sessionId);
    if (packaged) {
      const { msn, part, skip, signal } = request;
      const { packager } = packaged;
      if (packaged.state !== 'ended' && !(await orAborted(signal, () => packager.whenPlayable(FIRST_SEGMENT_WAIT_MS))))
        throw nothingYet(`/hls/${streamId}/${sessionId}/media.m3u8`);
      const { body, etag } = await orAborted(signal, () =>
        packager.mediaPlaylist({
          ...(msn !== undefined && { msn }),
          ...(part !== undefined && { part }),
          skip,
        }),
      );
      // Asked of the text, not of the session: it may have ended since the text was made, and caches would keep it so.
      return { body, etag: etag.replaceAll('"', ''), ended: body.includes(END_OF_LIST) };
    }
    const session = await this.options.sessions.session(streamId, sessionId);
    const body = vodPlaylist(await this.#stored(session), { epochAt: session.epochAt });
    return { body, etag: hash(body), ended: true };
  }

  /**
   * Everything that is stored of a session, from its first segment on, as a playlist that does not grow: also of one that is
   * on air, whose live playlist has the last minutes only.
   * @throws CodedError `stream_not_found`, `session_not_found`, `playback_not_found`
   */
  async recording(streamId: string, sessionId: string): Promise<Playlist> {
    const session = await this.options.sessions.session(streamId, sessionId);
    const body = vodPlaylist(await this.#stored(session), { epochAt: session.epochAt });
    return { body, etag: hash(body), ended: session.endedAt !== null };
  }

  /** An init segment, a segment or a part; null when there is none. @throws the signal's reason */
  async file(streamId: string, sessionId: string, name: string, signal: AbortSignal): Promise<File | null> {
    const packaged = this.options.sessions.packagedSession(streamId, sessionId);
    const held = packaged && (await orAborted(signal, () => packaged.packager.resource(name)));
    if (held) return held;
    const { objects } = this.options;
    const size = await objects.size(streamId, sessionId, name);
    if (size === null) return null;
    return {
      size,
      open: async (range) => {
        const stream = await objects.open(streamId, sessionId, name, range);
        if (!stream) throw nothingAt(`/hls/${streamId}/${sessionId}/${name}`);
        return stream;
      },
    };
  }

  async #stored({ streamId, id }: Session): Promise<readonly SegmentRow[]> {
    const segments = await this.options.segments.listForSession(id);
    if (segments.length === 0) throw nothingAt(`/hls/${streamId}/${id}/media.m3u8`);
    return segments;
  }
}

function nothingAt(path: string): CodedError {
  return new CodedError('playback_not_found', { path });
}

function nothingYet(path: string): CodedError {
  return new CodedError('playback_not_ready', { path, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function hash(body: string): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}

/** Bits per second of the largest segment and of all. */
function bitrates(segments: readonly SegmentRow[]): { peakBitrate: number; averageBitrate: number } {
  const stored = segments.filter(({ gap, durationMs }) => !gap && durationMs > 0);
  const bits = stored.reduce((sum, { bytes }) => sum + bytes * 8000, 0);
  const durationMs = stored.reduce((sum, segment) => sum + segment.durationMs, 0);
  const peaks = stored.map(({ bytes, durationMs: ms }) => (bytes * 8000) / ms);
  return {
    peakBitrate: Math.ceil(peaks.reduce((most, rate) => Math.max(most, rate), 0)),
    averageBitrate: durationMs > 0 ? Math.ceil(bits / durationMs) : 0,
  };
}

/** Lets go of a request whose client has gone; what it waited for times out by itself. */
async function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
