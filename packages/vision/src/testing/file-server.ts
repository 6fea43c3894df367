import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file server for tests with Range, If-Range and faults. */
export interface TestServer {
  readonly url: string;
  readonly requests: { readonly path: string; readonly range: string | null; readonly ifRange: string | null }[];
  /** Takes the next request instead of the server; return false to let it through. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  close(): Promise<void>;
}

/** As the manifest writes it. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Serves `files` by path (`/model/file`). */
export async function serveFiles(files: ReadonlyMap<string, Uint8Array>): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers;
    requests.push({
      path: request.url ?? '',
      range: range ?? null,
      ifRange: typeof ifRange === 'string' ? ifRange : null,
    });
    if (test.intercept?.(request, response)) return;
    const bytes = files.get(request.url ?? '');
    if (!bytes) {
      response.writeHead(404).end();
      return;
    }
    const etag = `"${sha256(bytes).slice(0, 8)}"`;
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (from > 0 && (ifRange === undefined || ifRange === etag)) {
      const part = bytes.subarray(from);
      const headers = {
        etag,
        'content-length': part.length,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      };
      response.writeHead(206, headers).end(part);
      return;
    }
    response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const test: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept: null,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return test;
}
