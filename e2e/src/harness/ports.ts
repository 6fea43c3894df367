import { createServer } from 'node:net';

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. Fixed ports instead of `PORT=0`, because a server that is started
 * again must come back where its publishers and viewers look for it.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address && typeof address === 'object') resolve(address.port);
      else reject(new Error('the system gave no port'));
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
