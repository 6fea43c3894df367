import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import type { HttpServices } from './services.js';

/** Takes upgraded WebSockets; the live hub is one. */
export interface LiveEndpoint {
  accept(socket: WebSocket, client: { readonly address: string }): void;
  close(): Promise<void>;
}

/** What the HTTP side counts and shows under `/metrics`; `createMetrics()` fits. */
export interface HttpMetrics {
  readonly registry: { readonly contentType: string; metrics(): Promise<string> };
  readonly playlistRequests: { inc(labels: { kind: string; status: string }): void };
  readonly httpRequestSeconds: {
    observe(labels: { method: string; route: string; status: string }, seconds: number): void;
  };
}

export interface HttpOptions {
  /** The address that will be bound (`HOST`): its name is an allowed host. */
  readonly host: string;
  /** Full origins (`https://player.example`), or `*`. */
  readonly allowedOrigins: readonly string[];
  /** Host names without port, or `*`. */
  readonly allowedHosts: readonly string[];
  /** Folder of the built dashboard (the one with `index.html`). A missing one gives a plain page that says how to build it. */
  readonly dashboardDir: string;
  readonly version: string;
  readonly services: HttpServices;
  readonly live: LiveEndpoint;
  readonly metrics: HttpMetrics;
  readonly logger: FastifyBaseLogger;
}

/** Builds the server without listening; call `listen({ host, port })` and, at the end, `close()`. */
export type BuildHttpServer = (options: HttpOptions) => Promise<FastifyInstance>;
