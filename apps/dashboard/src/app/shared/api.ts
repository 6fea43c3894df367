import { Injectable } from '@angular/core';
import {
  type Analysis,
  analysis,
  type CreateStream,
  DEFAULT_FILTER,
  type ErrorCode,
  errorBody,
  filterQuery,
  type Interval,
  interval,
  type ModelStatus,
  modelLabels,
  modelStatus,
  type NoticeRecord,
  noticeRecord,
  type Page,
  type Presence,
  type Problem,
  page,
  presence,
  type Recording,
  recording,
  type Stream,
  type StreamHealth,
  type SystemStatus,
  stream,
  streamHealth,
  systemStatus,
  type UpdateStream,
  type UpdateSystem,
  type ViewerFilter,
} from '@media-analyzer/protocol';
import { problemText } from './server-texts';

/** The server refused or could not be reached. `message` is the server's own text where it sent one. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** Code of the server's error registry; null when the server was not reached or did not answer in its format. */
    readonly code: ErrorCode | null,
    /** HTTP status; 0 when the server was not reached. */
    readonly status: number,
    /** Values that the code is about. */
    readonly details: Problem['details'] = undefined,
  ) {
    super(message);
  }
}

/** What a person should read when something failed. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError && error.code !== null) {
    return problemText({ code: error.code, message: error.message, details: error.details });
  }
  return error instanceof Error ? error.message : String(error);
}

/** Reads `value` as a shape of the protocol or throws. */
interface Shape<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** Answers that are waited for no longer than this, ms. */
const TIMEOUT_MS = 15_000;
/** Longer than the server itself waits for a model to be loaded, ms. */
const CHANGE_TIMEOUT_MS = 75_000;
/** Items asked for in one page, and pages at most: a list that is longer is cut rather than read without end. */
const PAGE_LIMIT = 500;
const MAX_PAGES = 20;

interface RequestOptions {
  readonly body?: object;
  readonly timeoutMs?: number;
}

const streamPage = page(stream);
const analysisPage = page(analysis);
const recordingPage = page(recording);
const intervalPage = page(interval);
const modelPage = page(modelStatus);
const noticePage = page(noticeRecord);
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
    return this.request('POST', '/api/streams', stream, { body: input });
  }

  updateStream(id: string, patch: UpdateStream): Promise<Stream> {
    return this.request('PATCH', `/api/streams/${segment(id)}`, stream, { body: patch });
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

  /** Sessions of a stream, newest first, a page at a time, with what of them counts for the viewer. */
  recordings(
    id: string,
    at: { limit: number; cursor?: string | undefined },
    filter: ViewerFilter,
  ): Promise<Page<Recording>> {
    const query = queryOf(filter, { limit: String(at.limit), ...(at.cursor && { cursor: at.cursor }) });
    return this.request('GET', `/api/streams/${segment(id)}/sessions?${query}`, recordingPage);
  }

  recording(id: string, sessionId: string, filter: ViewerFilter = DEFAULT_FILTER): Promise<Recording> {
    const path = `/api/streams/${segment(id)}/sessions/${segment(sessionId)}?${filterQuery(filter)}`;
    return this.request('GET', path, recording);
  }

  async deleteSession(id: string, sessionId: string): Promise<void> {
    await this.send('DELETE', `/api/streams/${segment(id)}/sessions/${segment(sessionId)}`);
  }

  /** When which class was there for the viewer in `[fromMs, toMs)` of a session, in columns. */
  presence(
    id: string,
    range: { sessionId: string; fromMs: number; toMs: number; everyMs: number },
    filter: ViewerFilter,
  ): Promise<Presence> {
    const query = queryOf(filter, {
      session: range.sessionId,
      from: String(Math.max(0, Math.floor(range.fromMs))),
      to: String(Math.max(0, Math.ceil(range.toMs))),
      every: String(Math.max(1000, Math.ceil(range.everyMs))),
    });
    return this.request('GET', `/api/streams/${segment(id)}/presence?${query}`, presence);
  }

  /** A page of the appearances of one session, of any certainty, newest first. */
  appearances(id: string, range: { sessionId: string; cursor: string | null }): Promise<Page<Interval>> {
    const query = new URLSearchParams({
      ...{ session: range.sessionId, certainty: 'raw', order: 'newest', limit: String(PAGE_LIMIT) },
      ...(range.cursor !== null && { cursor: range.cursor }),
    });
    return this.request('GET', `/api/streams/${segment(id)}/intervals?${query}`, intervalPage);
  }

  models(): Promise<ModelStatus[]> {
    return this.readAll('/api/models', modelPage);
  }

  /** What a model can find. */
  async modelLabels(name: string): Promise<readonly string[]> {
    return (await this.request('GET', `/api/models/${segment(name)}/labels`, modelLabels)).labels;
  }

  fetchModel(name: string): Promise<ModelStatus> {
    return this.request('POST', `/api/models/${segment(name)}/fetch`, modelStatus);
  }

  system(): Promise<SystemStatus> {
    return this.request('GET', '/api/system', systemStatus);
  }

  /** Answers when the change is in force; loading a model may take a while. */
  updateSystem(change: UpdateSystem): Promise<SystemStatus> {
    return this.request('PATCH', '/api/system', systemStatus, { body: change, timeoutMs: CHANGE_TIMEOUT_MS });
  }

  notices(): Promise<NoticeRecord[]> {
    return this.readAll('/api/notices', noticePage);
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

  private async request<T>(method: string, path: string, shape: Shape<T>, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    const parsed = shape.safeParse(await response.json().catch(() => null));
    if (!parsed.success) {
      throw new ApiError(
        $localize`The server answered in a form that this page does not know; reload the page`,
        null,
        response.status,
      );
    }
    return parsed.data;
  }

  private async send(
    method: string,
    path: string,
    { body, timeoutMs = TIMEOUT_MS }: RequestOptions = {},
  ): Promise<Response> {
    const init: RequestInit = { method, signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers = { 'content-type': 'application/json' };
    }
    let response: Response;
    try {
      response = await fetch(path, init);
    } catch {
      throw new ApiError($localize`The server cannot be reached`, null, 0);
    }
    if (response.ok) return response;
    const problem = errorBody.safeParse(await response.json().catch(() => null));
    throw problem.success
      ? new ApiError(problem.data.error.message, problem.data.error.code, response.status, problem.data.error.details)
      : new ApiError($localize`The server answered ${response.status}:status:`, null, response.status);
  }
}

function queryOf(filter: ViewerFilter, rest: Readonly<Record<string, string>>): URLSearchParams {
  return new URLSearchParams([...filterQuery(filter), ...Object.entries(rest)]);
}

function segment(value: string): string {
  return encodeURIComponent(value);
}
