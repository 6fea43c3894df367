/** `/api/streams/:id/sessions`: what was on air, what was seen in it, its pictures and its end. */
import {
  page,
  pictureQuery,
  presence,
  presenceQuery,
  recording,
  recordingsQuery,
  viewerFilter,
} from '@media-analyzer/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { matchesEtag } from './delivery.js';
import { body, errors, json, sessionParams, streamParams } from './schemas.js';
import type { RecordingService } from './services.js';

const tags = ['sessions'];
/** A picture that will not change; a day, because its session may be deleted. */
const SETTLED_PICTURE = 'private, max-age=86400';

/** Sessions, what was seen in them, and their pictures. */
export const recordingRoutes: FastifyPluginAsyncZod<{ recordings: RecordingService }> = async (app, { recordings }) => {
  app.get(
    '/api/streams/:id/sessions',
    {
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'List the sessions of a stream, newest first, with what there is to watch of each',
        params: streamParams,
        querystring: recordingsQuery,
        response: {
          200: json(page(recording), 'A page of sessions'),
          ...errors('validation_failed', 'cursor_invalid', 'stream_not_found'),
        },
      },
    },
    (request) => recordings.list(request.params.id, request.query),
  );

  app.get(
    '/api/streams/:id/sessions/:sessionId',
    {
      schema: {
        tags,
        operationId: 'getSession',
        summary: 'Get a session',
        params: sessionParams,
        querystring: viewerFilter,
        response: {
          200: json(recording, 'The session'),
          ...errors('validation_failed', 'stream_not_found', 'session_not_found'),
        },
      },
    },
    (request) => recordings.get(request.params.id, request.params.sessionId, request.query),
  );

  app.delete(
    '/api/streams/:id/sessions/:sessionId',
    {
      schema: {
        tags,
        operationId: 'deleteSession',
        summary: 'Delete a session that is over, with its media and results',
        params: sessionParams,
        response: {
          204: z.undefined().meta({ description: 'Deleted' }),
          ...errors('validation_failed', 'stream_not_found', 'session_not_found', 'session_live'),
        },
      },
    },
    async (request, reply) => {
      await recordings.remove(request.params.id, request.params.sessionId);
      return reply.code(204).send();
    },
  );

  app.get(
    '/api/streams/:id/sessions/:sessionId/picture.jpg',
    {
      schema: {
        tags,
        operationId: 'getSessionPicture',
        summary: 'A small picture of the session, the one at or right before a moment',
        params: sessionParams,
        querystring: pictureQuery,
        response: {
          200: body('image/jpeg', 'A JPEG picture; `x-pts-ms` says of which frame'),
          304: z.undefined().meta({ description: 'The picture named by If-None-Match is still the one' }),
          ...errors('validation_failed', 'stream_not_found', 'session_not_found', 'picture_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { id, sessionId } = request.params;
      const picture = await recordings.picture(id, sessionId, request.query.at);
      const etag = `"${sessionId}-${picture.ptsMs}"`;
      reply.headers({ etag, 'x-pts-ms': String(picture.ptsMs) });
      reply.header('cache-control', picture.settled ? SETTLED_PICTURE : 'no-cache');
      if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type('image/jpeg').send(await picture.open());
    },
  );

  app.get(
    '/api/streams/:id/presence',
    {
      schema: {
        tags,
        operationId: 'getPresence',
        summary: 'When which class was there for the viewer, in columns of equal width',
        params: streamParams,
        querystring: presenceQuery,
        response: {
          200: json(presence, 'Columns'),
          ...errors('validation_failed', 'stream_not_found', 'session_not_found'),
        },
      },
    },
    (request) => recordings.presence(request.params.id, request.query),
  );
};
