/** `/api/streams`: the configured channels, their health, results and pictures. */
import {
  analysis,
  analysisQuery,
  CodedError,
  createStream,
  page,
  pageQuery,
  stream,
  streamHealth,
  updateStream,
} from '@media-analyzer/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { matchesEtag } from './delivery.js';
import { body, errors, json, streamParams } from './schemas.js';
import type { AnalysisService, StreamService } from './services.js';

const tags = ['streams'];

/** Streams, their keys, health, pictures and analyses. */
export const streamRoutes: FastifyPluginAsyncZod<{ streams: StreamService; analyses: AnalysisService }> = async (
  app,
  { streams, analyses },
) => {
  app.get(
    '/api/streams',
    {
      schema: {
        tags,
        operationId: 'listStreams',
        summary: 'List the streams',
        querystring: pageQuery,
        response: { 200: json(page(stream), 'A page of streams'), ...errors('validation_failed', 'cursor_invalid') },
      },
    },
    (request) => streams.list(request.query),
  );

  app.post(
    '/api/streams',
    {
      schema: {
        tags,
        operationId: 'createStream',
        summary: 'Create a stream with a new secret key',
        body: createStream,
        response: {
          201: json(stream, 'The stream, with what to paste into the encoder'),
          ...errors('validation_failed', 'content_type_unsupported', 'payload_too_large'),
        },
      },
    },
    async (request, reply) => {
      const created = await streams.create(request.body);
      return reply.code(201).header('location', `/api/streams/${created.id}`).send(created);
    },
  );

  app.get(
    '/api/streams/:id',
    {
      schema: {
        tags,
        operationId: 'getStream',
        summary: 'Get a stream with its current or newest session',
        params: streamParams,
        response: { 200: json(stream, 'The stream'), ...errors('validation_failed', 'stream_not_found') },
      },
    },
    (request) => streams.get(request.params.id),
  );

  app.patch(
    '/api/streams/:id',
    {
      schema: {
        tags,
        operationId: 'updateStream',
        summary: 'Change name, processing mode or retention; takes effect at once, on air too',
        params: streamParams,
        body: updateStream,
        response: {
          200: json(stream, 'The stream as it is now'),
          ...errors(
            'validation_failed',
            'content_type_unsupported',
            'payload_too_large',
            'stream_not_found',
            'mode_unavailable',
          ),
        },
      },
    },
    (request) => streams.update(request.params.id, request.body),
  );

  app.delete(
    '/api/streams/:id',
    {
      schema: {
        tags,
        operationId: 'deleteStream',
        summary: 'Delete a stream with its sessions, media and results',
        params: streamParams,
        response: {
          204: z.undefined().meta({ description: 'Deleted' }),
          ...errors('validation_failed', 'stream_not_found', 'stream_live'),
        },
      },
    },
    async (request, reply) => {
      await streams.remove(request.params.id);
      return reply.code(204).send();
    },
  );

  app.post(
    '/api/streams/:id/key',
    {
      schema: {
        tags,
        operationId: 'rotateStreamKey',
        summary: 'Give the stream a new key; the old one is refused from now on',
        params: streamParams,
        response: {
          200: json(stream, 'The stream with its new key'),
          ...errors('validation_failed', 'stream_not_found', 'stream_live'),
        },
      },
    },
    (request) => streams.rotateKey(request.params.id),
  );

  app.get(
    '/api/streams/:id/health',
    {
      schema: {
        tags,
        operationId: 'getStreamHealth',
        summary: 'What comes in, what is analysed, and what is wrong',
        params: streamParams,
        response: { 200: json(streamHealth, 'Health right now'), ...errors('validation_failed', 'stream_not_found') },
      },
    },
    (request) => streams.health(request.params.id),
  );

  app.get(
    '/api/streams/:id/analyses',
    {
      schema: {
        tags: ['sessions'],
        operationId: 'listAnalyses',
        summary: 'List what the models said of the frames of a session, ordered by presentation time',
        params: streamParams,
        querystring: analysisQuery,
        response: {
          200: json(page(analysis), 'A page of analyses'),
          ...errors('validation_failed', 'cursor_invalid', 'stream_not_found', 'session_not_found'),
        },
      },
    },
    (request) => analyses.query(request.params.id, request.query),
  );

  app.get(
    '/api/streams/:id/thumbnail.jpg',
    {
      schema: {
        tags,
        operationId: 'getThumbnail',
        summary: 'The newest picture of the stream',
        params: streamParams,
        response: {
          200: body('image/jpeg', 'A JPEG picture'),
          304: z.undefined().meta({ description: 'The picture named by If-None-Match is still the newest' }),
          ...errors('validation_failed', 'stream_not_found', 'thumbnail_not_found'),
        },
      },
    },
    async (request, reply) => {
      const picture = await streams.thumbnail(request.params.id);
      if (picture === null) throw new CodedError('thumbnail_not_found', { streamId: request.params.id });
      const etag = `"${picture.at}"`;
      reply.headers({ etag, 'cache-control': 'no-cache', 'last-modified': new Date(picture.at).toUTCString() });
      if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type('image/jpeg').send(asBuffer(picture.bytes));
    },
  );
};

/** The same bytes as a Buffer, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
