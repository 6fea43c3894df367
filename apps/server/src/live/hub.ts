/** The fan-out to browsers over `/ws`: who subscribed to what, and one encoding of every message for all of them. */
import {
  type Analysis,
  CodedError,
  type ModelStatus,
  type Notice,
  type Refusal,
  type Stream,
  type StreamHealth,
  type StreamSummary,
} from '@media-analyzer/protocol';
import type { WebSocket } from 'ws';
import { CLOSE, type ClientRequests, LiveClient } from './client.js';
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from './limits.js';
import { AnalysisMessage, encodeMessage } from './messages.js';

/** What the hub asks of the rest of the server. */
export interface LiveLookups {
  /** Null when there is no such stream. */
  getStream(streamId: string): Promise<Stream | null>;
  listStreams(): Promise<Stream[]>;
  notices(): Promise<Notice[]> | Notice[];
  refusals(): Refusal[];
  models(): Promise<ModelStatus[]> | ModelStatus[];
  /** Overlay alignment errors that a player measured, milliseconds. */
  reportAlignment(streamId: string, errorsMs: readonly number[]): void;
}

/** What the hub counts. `createMetrics()` has these under the same names. */
export interface LiveMetrics {
  readonly websocketClients: { set(value: number): void };
  readonly websocketMissed: { inc(value: number): void };
}

/** What the hub logs to; a pino logger is one. */
export interface LiveLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LiveHubOptions {
  readonly lookups: LiveLookups;
  readonly metrics: LiveMetrics;
  readonly log: LiveLog;
  /** Version of the server, for `hello`. */
  readonly version: string;
  readonly limits?: Partial<LiveLimits>;
}

/** Publishing never blocks and never throws because of a client. */
export class LiveHub {
  readonly #options: LiveHubOptions;
  readonly #limits: LiveLimits;
  readonly #clients = new Set<LiveClient>();
  readonly #watchers = new Set<LiveClient>();
  readonly #subscribers = new Map<string, Set<LiveClient>>();
  readonly #heartbeat: NodeJS.Timeout;
  #lastClientNumber = 0;
  /** Set while closing: called when the last client has gone. */
  #allGone: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIVE_LIMITS, ...options.limits };
    this.#heartbeat = setInterval(() => {
      for (const client of this.#clients) client.checkAlive();
    }, this.#limits.heartbeatMs).unref();
  }

  /** Clients connected. */
  get size(): number {
    return this.#clients.size;
  }

  /** Bytes that are held back for slow clients or wait in their sockets. Bytes shared by several are counted for each. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const client of this.#clients) bytes += client.waitingBytes;
    return bytes;
  }

  /** To the subscribers of the stream. */
  publishAnalysis(analysis: Analysis): void {
    const clients = this.#subscribers.get(analysis.streamId);
    if (clients === undefined) return;
    const message = new AnalysisMessage(analysis);
    for (const client of clients) client.analysis(message);
  }

  /** To the subscribers of the stream and to watchers. */
  publishStream(stream: Stream): void {
    const clients = this.#interestedIn(stream.id);
    if (clients.size === 0) return;
    const data = encodeMessage({ type: 'stream', stream });
    for (const client of clients) client.state(`stream:${stream.id}`, data);
  }

  /** To the subscribers of the stream, whose subscriptions end, and to watchers. */
  publishRemoved(streamId: string): void {
    const clients = this.#interestedIn(streamId);
    const data = encodeMessage({ type: 'stream-removed', streamId });
    this.#subscribers.delete(streamId);
    for (const client of clients) {
      client.drop(streamId);
      client.state(`stream:${streamId}`, data);
    }
  }

  /** To the subscribers of the stream. */
  publishHealth(health: StreamHealth): void {
    const clients = this.#subscribers.get(health.streamId);
    if (clients === undefined) return;
    const data = encodeMessage({ type: 'health', ...health });
    for (const client of clients) client.state(`health:${health.streamId}`, data);
  }

  /** To watchers: all that are on air, so that a list that could not be sent is made good by the next. */
  publishSummaries(summaries: readonly StreamSummary[]): void {
    if (this.#watchers.size === 0) return;
    const data = encodeMessage({ type: 'summaries', summaries: [...summaries] });
    for (const client of this.#watchers) client.state('summaries', data);
  }

  /** To watchers. */
  publishModel(model: ModelStatus): void {
    if (this.#watchers.size === 0) return;
    const data = encodeMessage({ type: 'model', model });
    for (const client of this.#watchers) client.state(`model:${model.name}`, data);
  }

  /** To watchers: the whole list, each time that it changed. */
  publishNotices(notices: readonly Notice[]): void {
    if (this.#watchers.size === 0) return;
    const data = encodeMessage({ type: 'notices', notices: [...notices] });
    for (const client of this.#watchers) client.state('notices', data);
  }

  /** To watchers: all that are remembered, each time that somebody was turned away. */
  publishRefusals(refusals: readonly Refusal[]): void {
    if (this.#watchers.size === 0) return;
    const data = encodeMessage({ type: 'refusals', refusals: [...refusals] });
    for (const client of this.#watchers) client.state('refusals', data);
  }

  /** Takes over an upgraded socket. Beyond the cap of clients, or while closing, it is told why and closed with 1013 or 1001. */
  accept(socket: WebSocket, { address }: { readonly address: string }): void {
    const { log, metrics, version } = this.#options;
    if (this.#closed !== null) {
      socket.close(CLOSE.goingAway, 'server_stopping');
      return;
    }
    if (this.#clients.size >= this.#limits.maxClients) {
      const { code, message, details } = new CodedError('too_many_requests', {
        limit: this.#limits.maxClients,
        what: 'WebSocket clients',
      });
      socket.send(encodeMessage({ type: 'error', error: { code, message, details: { ...details } } }), {
        binary: false,
      });
      socket.close(CLOSE.tryAgainLater, code);
      log.info({ address, clients: this.#clients.size }, 'WebSocket client refused: too many');
      return;
    }

    const connectedAt = performance.now();
    this.#lastClientNumber += 1;
    const id = `ws-${this.#lastClientNumber}`;
    const client = new LiveClient({
      id,
      socket,
      requests: this.#requests,
      limits: this.#limits,
      onMissed: () => metrics.websocketMissed.inc(1),
      onFailure: (error) => log.error({ err: error, client: id }, 'WebSocket request failed'),
    });
    this.#clients.add(client);
    metrics.websocketClients.set(this.#clients.size);
    socket.once('close', (code) => {
      this.#remove(client);
      const reason = client.leaveReason ?? 'client left';
      const seconds = Math.round((performance.now() - connectedAt) / 1000);
      log.info({ client: id, address, code, reason, seconds, missed: client.missed }, 'WebSocket client gone');
    });
    client.reply({ type: 'hello', serverAt: Date.now(), version });
  }

  /** Says goodbye (1001) to all clients; resolves when all sockets are gone, cut after a grace time if need be. */
  close(): Promise<void> {
    this.#closed ??= this.#sayGoodbye();
    return this.#closed;
  }

  async #sayGoodbye(): Promise<void> {
    clearInterval(this.#heartbeat);
    if (this.#clients.size === 0) return;
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
    });
    for (const client of this.#clients) client.close(CLOSE.goingAway, 'server_stopping');
    const cut = setTimeout(() => {
      for (const client of this.#clients) client.terminate('server_stopping');
    }, this.#limits.closeGraceMs);
    await gone;
    clearTimeout(cut);
  }

  readonly #requests: ClientRequests = {
    subscribe: async (client, streamId) => {
      this.#subscribersOf(streamId).add(client);
      const stream = await this.#options.lookups.getStream(streamId).catch((error: unknown) => {
        if (!client.isSubscribed(streamId)) this.#unsubscribe(client, streamId);
        throw error;
      });
      // The second: it was removed while it was read.
      if (stream === null || this.#subscribers.get(streamId)?.has(client) !== true) {
        this.#unsubscribe(client, streamId);
        client.drop(streamId);
        throw new CodedError('stream_not_found', { streamId });
      }
      return { type: 'subscribed', streamId, stream, session: stream.session };
    },
    unsubscribe: (client, streamId) => this.#unsubscribe(client, streamId),
    watch: async (client) => {
      const { lookups } = this.#options;
      this.#watchers.add(client);
      const [streams, notices, models] = await Promise.all([
        lookups.listStreams(),
        lookups.notices(),
        lookups.models(),
      ]);
      return { type: 'watching', streams, notices, models, refusals: lookups.refusals() };
    },
    alignment: (streamId, errorsMs) => this.#options.lookups.reportAlignment(streamId, errorsMs),
  };

  #interestedIn(streamId: string): ReadonlySet<LiveClient> {
    const subscribers = this.#subscribers.get(streamId);
    return subscribers === undefined ? this.#watchers : new Set([...subscribers, ...this.#watchers]);
  }

  #subscribersOf(streamId: string): Set<LiveClient> {
    const known = this.#subscribers.get(streamId);
    if (known !== undefined) return known;
    const created = new Set<LiveClient>();
    this.#subscribers.set(streamId, created);
    return created;
  }

  #unsubscribe(client: LiveClient, streamId: string): void {
    const clients = this.#subscribers.get(streamId);
    clients?.delete(client);
    if (clients?.size === 0) this.#subscribers.delete(streamId);
  }

  #remove(client: LiveClient): void {
    this.#clients.delete(client);
    this.#watchers.delete(client);
    for (const streamId of [...this.#subscribers.keys()]) this.#unsubscribe(client, streamId);
    this.#options.metrics.websocketClients.set(this.#clients.size);
    if (this.#clients.size === 0) this.#allGone?.();
  }
}
