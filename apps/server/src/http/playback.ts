/**
 * `/hls`: playlists, init segments, segments and parts, with headers that let a CDN or NGINX do most of the work.
 *
 * Media files never change under their name: they are kept for a year. Live playlists change with every part: browsers
 * revalidate them by ETag, shared caches may answer from memory for a moment, so that a thousand viewers cost the origin as
 * much as one. A blocking request (`_HLS_msn`) names the very state that it waits for and can be kept longer; RFC 8216bis
 * advises half a target duration for the former and six for the latter (appendix "Low-Latency Server Configuration Profile").
 */
import { Readable } from 'node:stream';
import { CodedError, id } from '@media-analyzer/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { varyBy } from './compression.js';
import { acceptsGzip, matchesEtag, PlaylistGzip, parseRange } from './delivery.js';
import { echo, pathOf } from './problems.js';
import { body, errors } from './schemas.js';
import type { PlaybackService, PlaylistDocument } from './services.js';
import { asBuffer } from './streams.js';

/** Seconds that shared caches may keep things; the target duration is 2 s. */
const LIVE_PLAYLIST = 'public, max-age=0, s-maxage=1';
const BLOCKING_PLAYLIST = 'public, max-age=0, s-maxage=12';
const ENDED_PLAYLIST = 'public, max-age=0, s-maxage=60';
/** The default session of a stream changes when the next one starts, so nobody may keep this without asking. */
const MULTIVARIANT_PLAYLIST = 'public, no-cache';
const MEDIA_FILE = 'public, max-age=31536000, immutable';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

/** One path segment: letters, digits, `-`, `_` and single dots between them. No such name leaves its folder. */
export const PLAYBACK_FILE_NAME = /^(?:init-\w+(?:[.-]\w+)*\.mp4|(?:seg|part)-\w+(?:[.-]\w+)*\.m4s)$/;
const MAX_FILE_NAME = 120;

const tags = ['playback'];
const multivariantParams = z.object({ streamId: id });
const multivariantQuery = z.object({
  session: id.optional().meta({ description: 'Session id; default: the current or newest one' }),
});
const mediaParams = z.object({ streamId: id, sessionId: id });
const sequenceNumber = z
  .string()
  .regex(/^\d{1,12}$/, 'is not a sequence number')
  .transform(Number);
const mediaQuery = z
  .object({
    _HLS_msn: sequenceNumber
      .optional()
      .meta({ description: 'Answer when this media sequence number is in the playlist' }),
    _HLS_part: sequenceNumber.optional().meta({ description: 'Answer when this part of it is in the playlist' }),
    _HLS_skip: z.enum(['YES', 'v2']).optional().meta({ description: 'A delta update is welcome' }),
  })
  .refine((query) => query._HLS_part === undefined || query._HLS_msn !== undefined, {
    path: ['_HLS_part'],
    message: 'needs _HLS_msn beside it',
  });
// Not the `id` schema: a name that is none of ours is simply not found, which is what players and caches understand.
const fileParams = z.object({ streamId: z.string(), sessionId: z.string(), name: z.string() });

export interface PlaybackRouteOptions {
  readonly playback: PlaybackService;
  readonly playlistRequests: { inc(labels: { kind: string; status: string }): void };
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

export const playbackRoutes: FastifyPluginAsyncZod<PlaybackRouteOptions> = async (
  app,
  { playback, playlistRequests, stopping },
) => {
  const gzip = new PlaylistGzip();

  app.addHook('onResponse', async (request, reply) => {
    const kind = playlistKind(request);
    if (kind !== null) playlistRequests.inc({ kind, status: String(reply.statusCode) });
  });

  app.get(
    '/hls/:streamId/index.m3u8',
    {
      attachValidation: true,
      schema: {
        tags,
        operationId: 'getMultivariantPlaylist',
        summary: 'The multivariant playlist of a session',
        params: multivariantParams,
        querystring: multivariantQuery,
        response: {
          200: body(PLAYLIST_TYPE, 'A playlist'),
          304: z.undefined().meta({ description: 'Unchanged' }),
          ...errors(
            'playlist_request_invalid',
            'stream_not_found',
            'session_not_found',
            'playback_not_found',
            'playback_not_ready',
            'server_stopping',
          ),
        },
      },
    },
    async (request, reply) => {
      refuseInvalid(request);
      const { streamId } = request.params;
      const { session } = request.query;
      const document = await playback.multivariant(streamId, session);
      const cache = document.ended && session !== undefined ? ENDED_PLAYLIST : MULTIVARIANT_PLAYLIST;
      return sendPlaylist(request, reply, document, { cache, key: `${streamId}/${session ?? ''}` });
    },
  );

  app.get(
    '/hls/:streamId/:sessionId/media.m3u8',
    {
      attachValidation: true,
      schema: {
        tags,
        operationId: 'getMediaPlaylist',
        summary: 'The media playlist of a session, with blocking reload and delta updates',
        params: mediaParams,
        querystring: mediaQuery,
        response: {
          200: body(PLAYLIST_TYPE, 'A playlist'),
          304: z.undefined().meta({ description: 'Unchanged' }),
          ...errors(
            'playlist_request_invalid',
            'playlist_too_far_ahead',
            'stream_not_found',
            'session_not_found',
            'playback_not_found',
            'playback_not_ready',
            'playlist_timeout',
            'server_stopping',
          ),
        },
      },
    },
    async (request, reply) => {
      refuseInvalid(request);
      const { streamId, sessionId } = request.params;
      const { _HLS_msn: msn, _HLS_part: part, _HLS_skip: skip } = request.query;
      const document = await untilStopped(
        playback.mediaPlaylist(streamId, sessionId, {
          msn,
          part,
          skip: skip !== undefined,
          signal: AbortSignal.any([request.signal, stopping]),
        }),
        stopping,
      );
      const cache = document.ended ? ENDED_PLAYLIST : msn === undefined ? LIVE_PLAYLIST : BLOCKING_PLAYLIST;
      return sendPlaylist(request, reply, document, { cache, key: `${streamId}/${sessionId}/${skip === undefined}` });
    },
  );

  app.get(
    '/hls/:streamId/:sessionId/recording.m3u8',
    {
      schema: {
        tags,
        operationId: 'getRecordingPlaylist',
        summary: 'Everything stored of a session, also while it is on air; the playlist does not grow by itself',
        params: fileParams.omit({ name: true }),
        response: {
          200: body(PLAYLIST_TYPE, 'A playlist'),
          304: z.undefined().meta({ description: 'Unchanged' }),
          ...errors('stream_not_found', 'session_not_found', 'playback_not_found', 'server_stopping'),
        },
      },
    },
    async (request, reply) => {
      const { streamId, sessionId } = request.params;
      if (!id.safeParse(streamId).success || !id.safeParse(sessionId).success) throw notFound(request);
      const document = await playback.recording(streamId, sessionId);
      const cache = document.ended ? ENDED_PLAYLIST : LIVE_PLAYLIST;
      return sendPlaylist(request, reply, document, { cache, key: `${streamId}/${sessionId}/recording` });
    },
  );

  app.get(
    '/hls/:streamId/:sessionId/:name',
    {
      schema: {
        tags,
        operationId: 'getMediaFile',
        summary:
          'An init segment (`init-*.mp4`), media segment (`seg-*.m4s`) or part (`part-*.m4s`) named in a playlist',
        params: fileParams,
        response: {
          200: body('video/mp4', 'The file'),
          206: body('video/mp4', 'The range asked for'),
          304: z.undefined().meta({ description: 'Unchanged' }),
          ...errors(
            'stream_not_found',
            'session_not_found',
            'playback_not_found',
            'range_not_satisfiable',
            'server_stopping',
          ),
        },
      },
    },
    async (request, reply) => {
      const { streamId, sessionId, name } = request.params;
      const wellNamed = name.length <= MAX_FILE_NAME && PLAYBACK_FILE_NAME.test(name);
      if (!wellNamed || !id.safeParse(streamId).success || !id.safeParse(sessionId).success) throw notFound(request);

      const signal = AbortSignal.any([request.signal, stopping]);
      const file = await untilStopped(playback.file(streamId, sessionId, name, signal), stopping);
      if (file === null) throw notFound(request);
      // Emitted once all is handed to the kernel, or the connection is gone, whatever the answer is.
      if ('bytes' in file) reply.raw.once('close', () => file.release());

      const size = 'bytes' in file ? file.bytes.byteLength : file.size;
      // The name is the version: a file is written once. Ids are unique, so the tag holds across streams too.
      const etag = `"${sessionId}-${name}"`;
      const unchanged = matchesEtag(request.headers['if-none-match'], etag);
      const ranged = request.method === 'GET' && !unchanged && rangeStillHolds(request.headers['if-range'], etag);
      const range = ranged ? rangeOf(request, reply, size) : null;

      reply.headers({ etag, 'cache-control': MEDIA_FILE, 'accept-ranges': 'bytes' });
      if (unchanged) return reply.code(304).send();

      reply.type('video/mp4').header('content-length', range === null ? size : range.end - range.start + 1);
      if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
      if (request.method === 'HEAD') return reply.send(noBody());
      if ('bytes' in file)
        return reply.send(asBuffer(range === null ? file.bytes : file.bytes.subarray(range.start, range.end + 1)));
      return reply.send(await (range === null ? file.open() : file.open(range)));
    },
  );

  async function sendPlaylist(
    request: FastifyRequest,
    reply: FastifyReply,
    document: PlaylistDocument,
    { cache, key }: { cache: string; key: string },
  ): Promise<FastifyReply> {
    // Weak, because the same tag stands for the plain and the gzipped bytes.
    const etag = `W/"${document.etag}"`;
    varyBy(reply, 'Accept-Encoding');
    reply.headers({ etag, 'cache-control': cache });
    if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
    reply.type(PLAYLIST_TYPE);
    const compressed = acceptsGzip(request.headers['accept-encoding'])
      ? gzip.compress(`${key}/${document.etag}`, document.body)
      : null;
    if (compressed === null) return reply.send(document.body);
    return reply.header('content-encoding', 'gzip').send(await compressed);
  }
};

function playlistKind(request: FastifyRequest): 'multivariant' | 'media' | 'blocking' | null {
  const url = request.routeOptions.url;
  if (url?.endsWith('/index.m3u8')) return 'multivariant';
  if (!url?.endsWith('/media.m3u8') && !url?.endsWith('/recording.m3u8')) return null;
  return request.url.includes('_HLS_msn=') ? 'blocking' : 'media';
}

function refuseInvalid(request: FastifyRequest): void {
  const { validationError } = request;
  if (validationError === undefined) return;
  if (validationError.validationContext === 'params') throw notFound(request);
  const issues: readonly { instancePath: string; message?: string }[] = validationError.validation ?? [];
  const problem = issues.map((issue) => `${issue.instancePath.slice(1)} ${issue.message ?? 'is not valid'}`);
  throw new CodedError('playlist_request_invalid', { problem: problem.join('; ') });
}

function notFound(request: FastifyRequest): CodedError {
  return new CodedError('playback_not_found', { path: echo(pathOf(request)) });
}

function rangeOf(request: FastifyRequest, reply: FastifyReply, size: number) {
  try {
    return parseRange(request.headers.range, size);
  } catch (error) {
    reply.header('content-range', `bytes */${size}`);
    throw error;
  }
}

/** `If-Range` (RFC 9110, section 13.1.5): strong comparison; a date never matches, as we send no `Last-Modified`. */
function rangeStillHolds(ifRange: string | string[] | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange === etag;
}

/** A stream, because Fastify sets a length of 0 for a HEAD without a payload and leaves the length of a stream alone. */
function noBody(): Readable {
  return Readable.from([]);
}

/** Settles as the work does, but no later than the server stops, so that a waiting request never holds up the stop. */
function untilStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new CodedError('server_stopping'));
    if (stopping.aborted) return stop();
    stopping.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop));
  });
}
