import type { Analysis, ModelStatus, Notice, Stream, StreamHealth } from '@media-analyzer/protocol';
import type { WebSocket } from 'ws';

/** What the hub asks of the rest of the server. */
export interface LiveLookups {
  /** Null when there is no such stream. */
  getStream(streamId: string): Promise<Stream | null>;
  listStreams(): Promise<Stream[]>;
  notices(): Promise<Notice[]> | Notice[];
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
  warn(fields: object, message: string): void;
}

export interface LiveHubOptions {
  readonly lookups: LiveLookups;
  readonly metrics: LiveMetrics;
  readonly log: LiveLog;
  /** Version of the server, for `hello`. */
  readonly version: string;
}

/** The fan-out to browsers. Publishing never blocks and never throws because of a client. */
export interface LiveHubApi {
  /** To subscribers of the stream. */
  publishAnalysis(analysis: Analysis): void;
  /** To subscribers of the stream and to watchers. */
  publishStream(stream: Stream): void;
  publishRemoved(streamId: string): void;
  /** To subscribers of the stream. */
  publishHealth(health: StreamHealth): void;
  /** To watchers. */
  publishModel(model: ModelStatus): void;
  /** To watchers: the whole list, each time that it changed. */
  publishNotices(notices: readonly Notice[]): void;
  /** Takes over an upgraded socket. */
  accept(socket: WebSocket, client: { readonly address: string }): void;
  /** Says goodbye (1001) to all clients; resolves when all sockets are gone. */
  close(): Promise<void>;
}
