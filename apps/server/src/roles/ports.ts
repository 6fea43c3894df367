import { once } from 'node:events';
import { createServer } from 'node:net';
import { CodedError } from '@media-analyzer/protocol';
import type { Config } from '../config/index.js';
import { hostForUrl } from './helpers.js';

/**
 * Tries both ports and lets go of them again: a start that cannot have them says so before it spends seconds on making a database.
 * They are opened when all that they lead to runs; whoever takes one in between is met there.
 *
 * @throws CodedError `port_in_use`
 */
export async function assertPortsFree({ http, rtmp }: Config): Promise<void> {
  await tryPort(http, 'HTTP', 'PORT');
  await tryPort(rtmp, 'RTMP', 'RTMP_PORT');
}

async function tryPort(place: Place, what: string, variable: string): Promise<void> {
  const probe = createServer();
  try {
    probe.listen({ host: place.host, port: place.port });
    await once(probe, 'listening');
  } catch (error) {
    throw inUse(error) ? portInUse(place, what, variable, error) : error;
  }
  probe.close();
  await once(probe, 'close');
}

/** Opens the HTTP port and returns the address for people. @throws CodedError `port_in_use` */
export async function listenHttp(
  http: {
    listen(options: { host: string; port: number }): Promise<string>;
    addresses(): (string | { port: number })[];
  },
  { http: { host, port, publicUrl } }: Config,
): Promise<string> {
  try {
    await http.listen({ host, port });
  } catch (error) {
    throw inUse(error) ? portInUse({ host, port }, 'HTTP', 'PORT', error) : error;
  }
  const [address] = http.addresses();
  const bound = typeof address === 'object' ? address.port : port;
  return publicUrl ?? `http://${hostForUrl(host)}:${bound}`;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function inUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function portInUse({ host, port }: Place, what: string, variable: string, cause: unknown): CodedError {
  return new CodedError('port_in_use', { what, port, host, variable }, { cause });
}
