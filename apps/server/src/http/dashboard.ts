/** The built dashboard at `/`, with the single page answering for every path that a person may have bookmarked. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf, routeNotFound } from './problems.js';
import { contentSecurityPolicy, inlineScriptHashes } from './security.js';

/** Angular puts eight characters of a content hash into the name; such a file never changes. */
const HASHED_NAME = /-[A-Z0-9]{8}\.\w+(?:\.(?:br|gz))?$/;
const IMMUTABLE = 'public, max-age=31536000, immutable';
const REVALIDATE = 'no-cache';
const PART_OF_PAGE = /^(?:text\/(?:javascript|css)|application\/javascript|font\/)/;

/** Paths of ours that are never pages: a mistake there must say so instead of showing the dashboard. */
const NOT_PAGES = /^\/(?:api|hls|ws|metrics|healthz|readyz|openapi\.json)(?:\/|$)/;

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Media Analyzer</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#dfe6ee;background:#11161c}
a{color:#7cc4ff}code{background:#1e2730;padding:.1em .4em;border-radius:4px}</style></head>
<body><h1>The server runs, the dashboard is not built</h1>
<p>Build it with <code>npm run build</code> and reload this page; the server need not be restarted. <code>npm start</code> builds it too.</p>
<p>Everything else works: the REST API (<a href="/openapi.json">its description</a>), <a href="/api/streams">the streams</a>,
<a href="/api/system">the state of this server</a>, <a href="/metrics">metrics</a>.</p></body></html>
`;

/** Where the built dashboard lies, and who may embed what it loads. */
export interface DashboardOptions {
  readonly dir: string;
  readonly allowedOrigins: readonly string[];
}

/** @returns the handler for what no route answers: pages of the dashboard, else `route_not_found` */
export async function serveDashboard(app: FastifyInstance, { dir, allowedOrigins }: DashboardOptions) {
  const page = async (reply: FastifyReply): Promise<FastifyReply> => {
    reply.type('text/html; charset=utf-8').header('cache-control', REVALIDATE);
    const html = await readFile(join(dir, 'index.html'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
    if (html === null) return reply.code(503).send(NOT_BUILT);
    return reply
      .code(200)
      .header('content-security-policy', contentSecurityPolicy(allowedOrigins, inlineScriptHashes(html)))
      .send(html);
  };

  app.get('/', { schema: { hide: true } }, (_request, reply) => page(reply));
  // The page itself is always sent by `page`, which knows the hashes of its scripts.
  app.get('/index.html', { schema: { hide: true } }, (_request, reply) => page(reply));
  await app.register(async (files) => {
    files.addHook('onSend', async (_request, reply, payload) => {
      // Policies of documents: a script, a style or a font obeys those of the page that loads it, and is often smaller than they.
      if (PART_OF_PAGE.test(String(reply.getHeader('content-type')))) {
        reply.removeHeader('content-security-policy').removeHeader('cross-origin-opener-policy');
      }
      return payload;
    });
    await files.register(fastifyStatic, {
      root: dir,
      index: false,
      dotfiles: 'ignore',
      cacheControl: false,
      decorateReply: false,
      schemaHide: true,
      // The build lays a Brotli and a gzip form beside what gains by it.
      preCompressed: true,
      setHeaders: (response, path) =>
        response.setHeader('cache-control', HASHED_NAME.test(path) ? IMMUTABLE : REVALIDATE),
    });
  });

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = pathOf(request);
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') && extname(path) === '' && !NOT_PAGES.test(path);
    if (isPage && acceptsHtml(request.headers.accept)) return page(reply);
    throw routeNotFound(request);
  };
}

function acceptsHtml(accept: string | undefined): boolean {
  return accept === undefined || accept.includes('text/html') || accept.includes('*/*');
}
