import process from 'node:process';

/** Where the server of `npm run dev` listens. */
const target = `http://${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? '8080'}`;

/** Proxy table of Angular's development server: everything that the server answers and the dashboard does not. */
export default Object.fromEntries(
  ['/api', '/hls', '/ws', '/openapi.json', '/metrics', '/healthz', '/readyz'].map((path) => [
    path,
    // The server refuses unknown hosts; the browser's origin is kept, and dev.mjs allows it.
    { target, changeOrigin: true, ws: path === '/ws' },
  ]),
);
