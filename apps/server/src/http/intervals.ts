/** `/api/streams/:id/intervals`: what was there from when to when, as pages and as files. */
import { Readable } from 'node:stream';
import { interval, intervalFilter, intervalQuery, page } from '@media-analyzer/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { csvOf, jsonOf } from './interval-files.js';
import { body, errors, json, streamParams } from './schemas.js';
import type { IntervalService, SessionIntervals } from './services.js';

const refused = ['validation_failed', 'stream_not_found', 'session_not_found'] as const;

const FILES = {
  csv: { type: 'text/csv', text: 'CSV with a head; from and to in UTC', write: csvOf },
  json: { type: 'application/json', text: 'One page without an end', write: jsonOf },
} as const;

/** Intervals of a session: so far the appearances of objects. */
export const intervalRoutes: FastifyPluginAsyncZod<{ intervals: IntervalService }> = async (app, { intervals }) => {
  app.get(
    '/api/streams/:id/intervals',
    {
      schema: {
        tags: ['sessions'],
        operationId: 'listIntervals',
        summary: 'List what was seen from when to when in a session',
        params: streamParams,
        querystring: intervalQuery,
        response: { 200: json(page(interval), 'A page of intervals'), ...errors(...refused, 'cursor_invalid') },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query;
      const found = await intervals.open(request.params.id, filter);
      return found ? found.page({ limit, cursor }) : { items: [], nextCursor: null };
    },
  );

  for (const [ending, { type, text, write }] of Object.entries(FILES)) {
    app.get(
      `/api/streams/:id/intervals.${ending}`,
      {
        schema: {
          tags: ['sessions'],
          operationId: `exportIntervals${ending === 'csv' ? 'Csv' : 'Json'}`,
          summary: `All intervals of a session as a ${ending.toUpperCase()} file`,
          params: streamParams,
          querystring: intervalFilter,
          response: { 200: body(type, text), ...errors(...refused) },
        },
      },
      async (request, reply) => {
        const found = await intervals.open(request.params.id, request.query);
        return reply
          .type(`${type}; charset=utf-8`)
          .header('content-disposition', `attachment; filename="${fileName(found, request.query.session)}.${ending}"`)
          .send(Readable.from(write(found)));
      },
    );
  }
};

/** Named after the moment at which the session began, UTC. */
function fileName(found: SessionIntervals | null, session: string | undefined): string {
  if (!found) return 'appearances';
  const began = new Date(found.epochAt).toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return session === undefined ? `appearances-${began}` : `appearances-${began}-${session.slice(-6)}`;
}
