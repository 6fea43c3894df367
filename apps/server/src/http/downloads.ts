/** Recordings as files: MP4 made while it is sent, with ranges, so that a download that broke goes on where it was. */
import { downloadQuery } from '@media-analyzer/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { matchesEtag, parseRange } from './delivery.js';
import { body, errors, sessionParams } from './schemas.js';
import type { RecordingService, StreamService } from './services.js';

/** Downloads of sessions. */
export const downloadRoutes: FastifyPluginAsyncZod<{ recordings: RecordingService; streams: StreamService }> = async (
  app,
  { recordings, streams },
) => {
  app.get(
    '/api/streams/:id/sessions/:sessionId/download.mp4',
    {
      schema: {
        tags: ['sessions'],
        operationId: 'downloadSession',
        summary: 'A recording as an MP4 file; stretches without media are closed',
        params: sessionParams,
        querystring: downloadQuery,
        response: {
          200: body('video/mp4', 'The file'),
          206: body('video/mp4', 'The range asked for'),
          304: z.undefined().meta({ description: 'Unchanged' }),
          ...errors(
            'validation_failed',
            'stream_not_found',
            'session_not_found',
            'download_empty',
            'download_in_parts',
            'range_not_satisfiable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id, sessionId } = request.params;
      const { name } = await streams.get(id);
      const file = await recordings.download(id, sessionId, request.query);
      const etag = `"${file.etag}"`;
      reply.headers({ etag, 'cache-control': 'private, no-cache', 'accept-ranges': 'bytes' });
      if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
      const ifRange = request.headers['if-range'];
      const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, file.size) : null;
      reply
        .type('video/mp4')
        .header('content-disposition', disposition(fileName(name, file.startsAt, request.query.part)));
      reply.header('content-length', range === null ? file.size : range.end - range.start + 1);
      if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.size}`);
      return reply.send(range === null ? file.open() : file.open(range));
    },
  );
};

/** `Studio 1 2026-11-25 10-42-13Z.mp4`: in UTC, because a file travels; without what file systems do not take. */
export function fileName(stream: string, startsAt: number, part?: number): string {
  const name =
    stream
      .replace(/[\\/:*?"<>|\p{C}]+/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 80) || 'recording';
  const time = new Date(startsAt).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-');
  return `${name} ${time}Z${part === undefined ? '' : ` part ${part}`}.mp4`;
}

/** RFC 6266: ASCII for old clients, UTF-8 (RFC 8187) for all others. */
export function disposition(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
