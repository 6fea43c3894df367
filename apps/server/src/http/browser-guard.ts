/**
 * Keeps web pages elsewhere from driving this server through the browser of somebody who can reach it.
 *
 * Two attacks, two checks:
 * - A foreign page sends requests to us: its `Origin` differs from the `Host` that it asks. Compared with the port, because
 *   another port of the same machine is another application.
 * - DNS rebinding: a foreign name is pointed at our address, so that `Origin` and `Host` agree with each other. The attack
 *   needs a *name* that the attacker controls, and the port is the attacker's to choose; so the check is on the host name
 *   alone, whatever the port. That also lets a mapped port (`docker run -p 9000:8080`) work without configuration.
 *
 * Clients that are no browsers send no `Origin` and pass.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { CodedError } from '@media-analyzer/protocol';
import { echo } from './problems.js';

export interface BrowserPolicy {
  /** The address that is bound (`HOST`). */
  readonly host: string;
  /** `host`, `host:port` or `*`. */
  readonly allowedHosts: readonly string[];
  /** `https://name[:port]`, `null` or `*`. */
  readonly allowedOrigins: readonly string[];
}

export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Our end of the connection, when it is known. */
  readonly localAddress?: string | undefined;
  readonly websocket: boolean;
}

/** `origin` is set for an allowed cross-origin request: the one to name in CORS headers. */
export interface Admission {
  readonly origin: string | null;
}

const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\]+)(?::(\d{1,5}))?$/i;

/** Decides which hosts and origins a request may name: the defence against foreign pages and DNS rebinding. */
export class BrowserGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  /** Bound to every address: nobody told us by which name or address this machine is reached. */
  readonly #everywhere: boolean;

  constructor(policy: BrowserPolicy) {
    this.#everywhere = policy.host === '0.0.0.0' || policy.host === '::' || policy.host === '';
    const own = this.#everywhere ? [hostname()] : [bracketed(policy.host)];
    this.#hosts = new Set(
      [...LOCAL_NAMES, ...own, ...policy.allowedHosts].map((host) => withoutDot(host.toLowerCase())),
    );
    this.#origins = new Set(policy.allowedOrigins.map((origin) => normalOrigin(origin) ?? origin));
  }

  /** Whether any foreign origin may read our answers; decides `Vary` and `Cross-Origin-Resource-Policy`. */
  get admitsForeignOrigins(): boolean {
    return this.#origins.size > 0;
  }

  /** All origins are welcome. */
  get admitsAllOrigins(): boolean {
    return this.#origins.has('*');
  }

  /** @throws host_refused, origin_refused */
  admit(request: GuardedRequest): Admission {
    const host = request.headers.host ?? '';
    if (!this.#isOwnHost(host, request.localAddress)) throw new CodedError('host_refused', { host: echo(host) });

    const origin = originOf(request);
    if (origin === null) return { origin: null };
    if (isSameOrigin(origin, host)) return { origin: null };
    const normal = normalOrigin(origin) ?? origin;
    // `null` is what sandboxed frames and local files send: nobody in particular. `*` lets it read, only its name lets it write.
    const anonymousWrite = origin === 'null' && (request.websocket || !isSafe(request.method));
    if (this.#origins.has(normal) || (this.#origins.has('*') && !anonymousWrite)) return { origin };
    throw new CodedError('origin_refused', { origin: echo(origin) });
  }

  #isOwnHost(header: string, localAddress: string | undefined): boolean {
    if (this.#hosts.has('*')) return true;
    const match = HOST_HEADER.exec(header);
    if (match === null) return false;
    const name = withoutDot((match[1] as string).toLowerCase());
    if (this.#hosts.has(name) || this.#hosts.has(`${name}:${match[2] ?? ''}`)) return true;
    // The address that the connection arrived at, and any address when all are bound: an address cannot be rebound by DNS.
    const address = name.replace(/^\[|\]$/g, '');
    if (isIP(address) === 0) return false;
    return (
      this.#everywhere || (localAddress !== undefined && address === localAddress.replace(/^::ffff:(?=\d+\.)/, ''))
    );
  }
}

/**
 * The page behind a request, or null when it is none or is not told. Requests for pictures and the like carry no `Origin`;
 * browsers mark them with `Sec-Fetch-Site`, and the referrer then says who asks. Opening us by a link is not an attack.
 */
function originOf({ headers, method }: GuardedRequest): string | null {
  if (headers.origin !== undefined) return headers.origin;
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return null;
  if (headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && isSafe(method))
    return null;
  return (headers.referer === undefined ? null : normalOrigin(headers.referer)) ?? site;
}

/** Compares host and port. The scheme is the origin's: behind a proxy that ends TLS we cannot know our own. */
function isSameOrigin(origin: string, host: string): boolean {
  const page = parseHttpUrl(origin);
  if (page === null) return false;
  const own = parseHttpUrl(`${page.protocol}//${host}`);
  return own !== null && own.host === page.host;
}

function normalOrigin(text: string): string | null {
  return parseHttpUrl(text)?.origin ?? null;
}

function parseHttpUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
