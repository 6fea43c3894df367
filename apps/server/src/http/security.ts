/** Hooks that every request passes: Host and Origin, CORS for configured origins, security headers. */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { BrowserGuard, type BrowserPolicy } from './browser-guard.js';

/** How long browsers may remember the answer to a preflight, seconds: short, because the list can change by configuration. */
const PREFLIGHT_SECONDS = 600;

/** Must be called before any route is registered, so that all of them are guarded, WebSocket upgrades and 404s included. */
export function guardRequests(app: FastifyInstance, policy: BrowserPolicy): void {
  const guard = new BrowserGuard(policy);
  const contentPolicy = contentSecurityPolicy(policy.allowedOrigins);
  const resourcePolicy = guard.admitsForeignOrigins ? 'cross-origin' : 'same-origin';

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentPolicy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': resourcePolicy,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    // Caches must not give one origin the headers made for another.
    if (guard.admitsForeignOrigins && !guard.admitsAllOrigins) reply.header('vary', 'Origin');

    const { origin } = guard.admit({
      method: request.method,
      headers: request.headers,
      localAddress: request.socket.localAddress,
      websocket: request.ws,
    });
    if (origin === null) return;

    reply.header('access-control-allow-origin', guard.admitsAllOrigins ? '*' : origin);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      return reply
        .headers({
          'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
          'access-control-allow-headers': 'Content-Type, Range, If-None-Match',
          'access-control-max-age': String(PREFLIGHT_SECONDS),
        })
        .code(204)
        .send();
    }
    reply.header('access-control-expose-headers', 'Content-Length, Content-Range, Date, ETag');
  });
}

/**
 * A policy under which Angular (styles set by components, hence `unsafe-inline` for styles) and hls.js (media source and
 * transmuxing worker behind `blob:`) work, and nothing else does.
 * @param scriptHashes of inline scripts and event handlers of the page, as `'sha256-…'`
 */
export function contentSecurityPolicy(allowedOrigins: readonly string[], scriptHashes: readonly string[] = []): string {
  const scripts = scriptHashes.length === 0 ? '' : ` 'unsafe-hashes' ${scriptHashes.join(' ')}`;
  const parents = allowedOrigins.filter((origin) => origin !== 'null').join(' ');
  return [
    "default-src 'self'",
    `script-src 'self'${scripts}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    `frame-ancestors 'self'${parents === '' ? '' : ` ${parents}`}`,
  ].join('; ');
}

/** Hashes of the inline scripts and `on…` handlers of a page that we built ourselves (Angular inlines a stylesheet loader). */
export function inlineScriptHashes(html: string): string[] {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(
    (match) => match[1] ?? '',
  );
  const handlers = [...html.matchAll(/\son[a-z]+="([^"]*)"/gi)].map((match) => match[1] ?? '');
  const hashes = [...scripts, ...handlers]
    .filter((code) => code !== '')
    .map((code) => createHash('sha256').update(code).digest('base64'));
  return [...new Set(hashes)].map((hash) => `'sha256-${hash}'`);
}
