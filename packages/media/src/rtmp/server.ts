import { createServer, type Server, type Socket } from 'node:net';
import { CodedError } from '@media-analyzer/protocol';
import { type ConnectionEnd, RtmpConnection } from './connection.js';
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from './limits.js';
import { type SampleCounts, zeroSampleCounts } from './published-media.js';
import type { PublishDecision, PublishRequest, RtmpServerOptions, RtmpServerStats } from './types.js';

/** How often refused connections are reported at most, ms: a flood must not become a flood of log lines. */
const REFUSAL_LOG_INTERVAL_MS = 10_000;

/** Listens for RTMP publishers and hands each accepted one to the sink that its owner chose. */
export class RtmpServer {
  readonly #options: RtmpServerOptions;
  readonly #limits: RtmpLimits;
  readonly #server: Server;
  readonly #connections = new Map<RtmpConnection, Promise<void>>();
  readonly #perAddress = new Map<string, number>();
  readonly #ended = { bytesReceived: 0, counts: zeroSampleCounts(), ends: new Map<string, number>() };
  #nextId = 1;
  #acceptedConnections = 0;
  #refusedConnections = 0;
  #acceptedPublishers = 0;
  #refusedPublishers = 0;
  #refusalsLoggedAt = 0;
  #refusalsUnlogged = 0;

  constructor(options: RtmpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_RTMP_LIMITS, ...options.limits };
    this.#server = createServer((socket) => this.#admit(socket));
  }

  /**
   * @returns The address that was taken.
   * @throws CodedError `port_in_use`
   */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new CodedError('port_in_use', { what: 'RTMP', port, host, variable: 'RTMP_PORT' }, { cause: error });
    });
    // After this, errors are those of single accepts (no file descriptor left): the next one may succeed.
    this.#server.on('error', (error) => this.#log('error', 'RTMP server cannot accept', { problem: error.message }));
    const address = this.#server.address();
    return { host, port: typeof address === 'object' && address ? address.port : port };
  }

  /** Stops listening, ends every connection and resolves when the last socket is closed. Safe to call twice. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.keys()) connection.stop();
    await Promise.all(this.#connections.values());
    await stopped;
  }

  stats(): RtmpServerStats {
    const total = zeroSampleCounts();
    addCounts(total, this.#ended.counts);
    let bytesReceived = this.#ended.bytesReceived;
    let publishers = 0;
    for (const connection of this.#connections.keys()) {
      addCounts(total, connection.counts);
      bytesReceived += connection.bytesReceived();
      if (connection.publishing) publishers++;
    }
    return {
      connections: this.#connections.size,
      publishers,
      acceptedConnections: this.#acceptedConnections,
      refusedConnections: this.#refusedConnections,
      acceptedPublishers: this.#acceptedPublishers,
      refusedPublishers: this.#refusedPublishers,
      bytesReceived,
      samples: total.samples,
      dropped: total.dropped,
      ends: Object.fromEntries(this.#ended.ends),
    };
  }

  #admit(socket: Socket): void {
    const remoteAddress = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
    const fromAddress = this.#perAddress.get(remoteAddress) ?? 0;
    if (this.#connections.size >= this.#limits.maxConnections || fromAddress >= this.#limits.maxConnectionsPerAddress) {
      this.#refuse(socket, remoteAddress);
      return;
    }
    this.#acceptedConnections++;
    this.#perAddress.set(remoteAddress, fromAddress + 1);
    const connection = new RtmpConnection(socket, {
      id: `rtmp-${this.#nextId++}`,
      remoteAddress,
      app: this.#options.app ?? 'live',
      authorize: (request) => this.#authorize(request),
      limits: this.#limits,
      log: (level, text, fields) => this.#log(level, text, fields),
    });
    const done = connection.run().then((end) => this.#forget(connection, end));
    this.#connections.set(connection, done);
  }

  async #authorize(request: PublishRequest): Promise<PublishDecision> {
    const decision = await this.#options.authorize(request);
    if (decision.accept) this.#acceptedPublishers++;
    else this.#refusedPublishers++;
    return decision;
  }

  #forget(connection: RtmpConnection, end: ConnectionEnd): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(connection.remoteAddress) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(connection.remoteAddress, left);
    else this.#perAddress.delete(connection.remoteAddress);
    this.#ended.bytesReceived += connection.bytesReceived();
    addCounts(this.#ended.counts, connection.counts);
    const key = 'error' in end ? end.error.code : end.kind;
    this.#ended.ends.set(key, (this.#ended.ends.get(key) ?? 0) + 1);
    if (end.kind !== 'refused' && end.kind !== 'failed') return;
    const { remoteAddress, encoder, decided } = connection;
    if (!decided) this.#options.onRefused?.({ error: end.error, remoteAddress, encoder });
  }

  #refuse(socket: Socket, remoteAddress: string): void {
    socket.on('error', () => {}); // nobody waits for the outcome
    socket.destroy();
    this.#refusedConnections++;
    const { maxConnections } = this.#limits;
    const own = this.#connections.size < maxConnections;
    this.#options.onRefused?.({
      error: new CodedError('too_many_requests', {
        limit: own ? this.#limits.maxConnectionsPerAddress : maxConnections,
        what: own ? 'RTMP connections of one address' : 'RTMP connections',
      }),
      remoteAddress,
      encoder: null,
    });
    this.#refusalsUnlogged++;
    const now = Date.now();
    if (now - this.#refusalsLoggedAt < REFUSAL_LOG_INTERVAL_MS) return;
    this.#log('warn', 'RTMP connections refused: too many are open', {
      remoteAddress,
      refused: this.#refusalsUnlogged,
      open: this.#connections.size,
    });
    this.#refusalsLoggedAt = now;
    this.#refusalsUnlogged = 0;
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.log?.(level, text, fields);
  }
}

function addCounts(total: SampleCounts, part: SampleCounts): void {
  total.samples.video += part.samples.video;
  total.samples.audio += part.samples.audio;
  for (const reason of Object.keys(total.dropped) as (keyof SampleCounts['dropped'])[])
    total.dropped[reason] += part.dropped[reason];
}
