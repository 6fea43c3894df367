import {
  type Analysis,
  analysis,
  type CreateStream,
  type ErrorBody,
  errorBody,
  page,
  type Session,
  type Stream,
  type StreamHealth,
  type StreamState,
  type SystemStatus,
  session,
  stream,
  streamHealth,
  systemStatus,
} from '@media-analyzer/protocol';
import { until } from './wait.js';

/** The REST API as a client uses it; every answer is checked against the protocol's schemas. */
export class Api {
  constructor(readonly baseUrl: string) {}

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.baseUrl + path, { ...init, signal: init.signal ?? AbortSignal.timeout(20_000) });
  }

  createStream(input: CreateStream = { name: 'Test' }): Promise<Stream> {
    return this.call(stream, '/api/streams', { method: 'POST', body: input, status: 201 });
  }

  stream(id: string): Promise<Stream> {
    return this.call(stream, `/api/streams/${id}`);
  }

  async streams(): Promise<Stream[]> {
    return (await this.call(page(stream), '/api/streams?limit=1000')).items;
  }

  health(id: string): Promise<StreamHealth> {
    return this.call(streamHealth, `/api/streams/${id}/health`);
  }

  async sessions(id: string): Promise<Session[]> {
    return (await this.call(page(session), `/api/streams/${id}/sessions?limit=1000`)).items;
  }

  /** Analyses of a session (the current or newest one when none is named), at most 1000. */
  async analyses(id: string, query: { from?: number; to?: number; session?: string } = {}): Promise<Analysis[]> {
    const search = new URLSearchParams({ limit: '1000' });
    for (const [key, value] of Object.entries(query)) search.set(key, String(value));
    return (await this.call(page(analysis), `/api/streams/${id}/analyses?${search}`)).items;
  }

  system(): Promise<SystemStatus> {
    return this.call(systemStatus, '/api/system');
  }

  /** Waits until the stream is in a state. */
  inState(id: string, state: StreamState, withinMs = 15_000): Promise<Stream> {
    return until(
      async () => {
        const now = await this.stream(id);
        if (now.state !== state) throw new Error(`it is ${now.state}`);
        return now;
      },
      { what: `state "${state}" of the stream`, withinMs, everyMs: 100 },
    );
  }

  /** The error body of a request that must fail. @throws Error when it succeeds or the body is none. */
  async refusal(path: string, init: RequestInit = {}): Promise<{ status: number; error: ErrorBody['error'] }> {
    const response = await this.get(path, init);
    const text = await response.text();
    if (response.ok) throw new Error(`${path} was answered with ${response.status}: ${text.slice(0, 200)}`);
    return { status: response.status, error: errorBody.parse(JSON.parse(text)).error };
  }

  private async call<T>(
    schema: { parse(value: unknown): T },
    path: string,
    options: { method?: string; body?: unknown; status?: number } = {},
  ): Promise<T> {
    const response = await this.get(path, {
      method: options.method ?? 'GET',
      ...(options.body !== undefined && {
        body: JSON.stringify(options.body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    if (response.status !== (options.status ?? 200))
      throw new Error(`${path} was answered with ${response.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  }
}
