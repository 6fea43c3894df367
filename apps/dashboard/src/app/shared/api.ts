import { Injectable } from '@angular/core';
import {
  type Analysis,
  analysis,
  type CreateStream,
  type ErrorCode,
  errorBody,
  type ModelStatus,
  modelStatus,
  type Page,
  page,
  type Stream,
  type StreamHealth,
  type SystemStatus,
  stream,
  streamHealth,
  systemStatus,
  type UpdateStream,
} from '@media-analyzer/protocol';

/** The server refused or could not be reached. `message` is the server's own text where it sent one. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** Code of the server's error registry; null when the server was not reached or did not answer in its format. */
    readonly code: ErrorCode | null,
    /** HTTP status; 0 when the server was not reached. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** What a person should read when something failed. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads `value` as a shape of the protocol or throws. */
interface Shape<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** Answers that are waited for no longer than this, ms. */
const TIMEOUT_MS = 15_000;
/** Items asked for in one page, and pages at most: a list that is longer is cut rather than read without end. */
const PAGE_LIMIT = 500;
const MAX_PAGES = 20;

const streamPage = page(stream);
const analysisPage = page(analysis);
const modelPage = page(modelStatus);
const demoStatus = systemStatus.shape.demo;

/** The server's REST interface, typed and checked by the protocol's schemas. Every method throws `ApiError`. */
@Injectable({ providedIn: 'root' })
export class Api {
  listStreams(): Promise<Stream[]> {
    return this.readAll('/api/streams', streamPage);
  }

  stream(id: string): Promise<Stream> {
    return this.request('GET', `/api/streams/${segment(id)}`, stream);
  }

  createStream(input: CreateStream): Promise<Stream> {
    return this.request('POST', '/api/streams', stream, input);
  }

  updateStream(id: string, patch: UpdateStream): Promise<Stream> {
    return this.request('PATCH', `/api/streams/${segment(id)}`, stream, patch);
  }

  rotateKey(id: string): Promise<Stream> {
    return this.request('POST', `/api/streams/${segment(id)}/key`, stream);
  }

  async deleteStream(id: string): Promise<void> {
    await this.send('DELETE', `/api/streams/${segment(id)}`);
  }

  health(id: string): Promise<StreamHealth> {
    return this.request('GET', `/api/streams/${segment(id)}/health`, streamHealth);
  }

  /** Analyses with `fromMs <= PTS < toMs` of one session, in order. */
  analyses(id: string, range: { sessionId: string; fromMs: number; toMs: number }): Promise<Analysis[]> {
    const query = new URLSearchParams({
      session: range.sessionId,
      from: String(Math.max(0, range.fromMs)),
      to: String(Math.max(0, range.toMs)),
    });
    return this.readAll(`/api/streams/${segment(id)}/analyses?${query}`, analysisPage);
  }

  models(): Promise<ModelStatus[]> {
    return this.readAll('/api/models', modelPage);
  }

  fetchModel(name: string): Promise<ModelStatus> {
    return this.request('POST', `/api/models/${segment(name)}/fetch`, modelStatus);
  }

  system(): Promise<SystemStatus> {
    return this.request('GET', '/api/system', systemStatus);
  }

  startDemo(): Promise<SystemStatus['demo']> {
    return this.request('POST', '/api/demo', demoStatus);
  }

  stopDemo(): Promise<SystemStatus['demo']> {
    return this.request('DELETE', '/api/demo', demoStatus);
  }

  private async readAll<T>(path: string, shape: Shape<Page<T>>): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const query = new URLSearchParams({ limit: String(PAGE_LIMIT), ...(cursor === null ? {} : { cursor }) });
      const answer: Page<T> = await this.request('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`, shape);
      items.push(...answer.items);
      cursor = answer.nextCursor;
      if (cursor === null) break;
    }
    return items;
  }

  private async request<T>(method: string, path: string, shape: Shape<T>, body?: object): Promise<T> {
    const response = await this.send(method, path, body);
    const parsed = shape.safeParse(await response.json().catch(() => null));
    if (!parsed.success) {
      throw new ApiError(
        'The server answered in a form that this page does not know; reload the page',
        null,
        response.status,
      );
    }
    return parsed.data;
  }

  private async send(method: string, path: string, body?: object): Promise<Response> {
    const init: RequestInit = { method, signal: AbortSignal.timeout(TIMEOUT_MS), cache: 'no-store' };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers = { 'content-type': 'application/json' };
    }
    let response: Response;
    try {
      response = await fetch(path, init);
    } catch {
      throw new ApiError('The server cannot be reached', null, 0);
    }
    if (response.ok) return response;
    const problem = errorBody.safeParse(await response.json().catch(() => null));
    throw problem.success
      ? new ApiError(problem.data.error.message, problem.data.error.code, response.status)
      : new ApiError(`The server answered ${response.status} ${response.statusText}`.trim(), null, response.status);
  }
}

function segment(value: string): string {
  return encodeURIComponent(value);
}
