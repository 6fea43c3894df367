/**
 * Content coding of what routes answer as text: JSON, metrics, pages. Media are compressed already and pass untouched, and
 * so does every stream (segments, parts, recordings, files of the dashboard, which its build has compressed). Playlists,
 * which many viewers ask for several times a second, are compressed once for all of them where they are sent.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptsGzip, gzipText, MIN_GZIP_BYTES } from './delivery.js';

const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?json\b|application\/javascript\b|image\/svg\+xml\b)/;

/** Must be called before any route is registered. */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook<unknown>('onSend', async (request, reply, payload) => {
    if (!variesByCoding(request, reply)) return payload;
    varyBy(reply, 'Accept-Encoding');
    if (!isWholeText(payload) || reply.statusCode === 206 || reply.hasHeader('content-encoding')) return payload;
    if (Buffer.byteLength(payload) < MIN_GZIP_BYTES || !acceptsGzip(request.headers['accept-encoding'])) return payload;
    const compressed = await gzipText(payload);
    reply.header('content-encoding', 'gzip').removeHeader('content-length');
    // A strong tag names bytes, and these are others.
    const etag = reply.getHeader('etag');
    if (typeof etag === 'string' && !etag.startsWith('W/')) reply.header('etag', `W/${etag}`);
    return compressed;
  });
}

/** Adds a field to `Vary` and keeps what is there. */
export function varyBy(reply: FastifyReply, field: string): void {
  const fields = String(reply.getHeader('vary') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (!fields.some((name) => name.toLowerCase() === field.toLowerCase())) fields.push(field);
  reply.header('vary', fields.join(', '));
}

/** Whether another `Accept-Encoding` could have been answered with other bytes, also when there are none (304). */
function variesByCoding(request: FastifyRequest, reply: FastifyReply): boolean {
  if (reply.statusCode === 304) return !request.url.startsWith('/hls/');
  return COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? ''));
}

function isWholeText(payload: unknown): payload is string | Buffer {
  return typeof payload === 'string' || Buffer.isBuffer(payload);
}
