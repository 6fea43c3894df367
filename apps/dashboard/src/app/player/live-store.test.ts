import { TestBed } from '@angular/core/testing';
import { Router } from '@angular/router';
import type { ServerMessage, Stream } from '@media-analyzer/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drawOf } from '../overlay/testing';
import { Api, ApiError } from '../shared/api';
import { SocketFactory } from '../shared/live';
import type { SocketLike } from '../shared/live-socket';
import { healthOf, recordingOf, sessionOf, streamOf } from '../shared/testing';
import { LiveStore } from './live-store';

class FakeSocket implements SocketLike {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(): void {}
  close(): void {
    this.readyState = 3;
  }
  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  breaks(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The store of a page that was opened for a stream which the server has, or has not. */
async function open(stream: Stream | null) {
  const socket = new FakeSocket();
  const api = {
    stream: vi.fn(async () => {
      if (!stream) throw new ApiError('Stream "stream" does not exist', 'stream_not_found', 404);
      return stream;
    }),
    health: async () => healthOf(),
    recording: vi.fn(async () => recordingOf({ id: 'first', mediaFromMs: 0 })),
    analyses: async () => ({ items: [], nextCursor: null }),
    appearances: async () => ({ items: [], nextCursor: null }),
  };
  const router = { navigateByUrl: vi.fn(async () => true), navigate: vi.fn(async () => true) };
  TestBed.configureTestingModule({
    providers: [
      LiveStore,
      { provide: SocketFactory, useValue: { open: () => socket } },
      { provide: Api, useValue: api },
      { provide: Router, useValue: router },
    ],
  });
  const store = TestBed.inject(LiveStore);
  socket.opens();
  socket.says({ type: 'watching', streams: [], notices: [], models: [] });
  await store.open('stream');
  const notFound = () =>
    socket.says({ type: 'error', streamId: 'stream', error: { code: 'stream_not_found', message: 'no such stream' } });
  return { store, socket, api, router, notFound };
}

const live = streamOf({ state: 'live', session: sessionOf() });

describe('a stream that is not there', () => {
  it('was never there, when nothing was known of it', async () => {
    const { store, notFound } = await open(null);
    notFound();
    expect(store.removed()).toBe(false);
    expect(store.loadError()?.code).toBe('stream_not_found');
  });

  it('was deleted, when it was here before', async () => {
    const { store, notFound } = await open(live);
    notFound();
    expect(store.removed()).toBe(true);
  });
});

describe('what is known of a stream on air', () => {
  it('is of now while the server tells of it, and not for long after its last word', async () => {
    const { store, socket } = await open(live);
    expect(store.fresh()).toBe(true);
    await vi.advanceTimersByTimeAsync(4000);
    socket.says({ type: 'health', ...healthOf() });
    await vi.advanceTimersByTimeAsync(4000);
    expect(store.fresh()).toBe(true);
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.fresh()).toBe(false);
  });

  it('is not of now from the moment on in which the connection is lost', async () => {
    const { store, socket } = await open(live);
    socket.breaks();
    expect(store.fresh()).toBe(false);
  });

  it('is asked for while no event can tell that it has become playable', async () => {
    const { socket, api } = await open(streamOf({ state: 'live', session: sessionOf({ playable: false }) }));
    await vi.advanceTimersByTimeAsync(9000);
    expect(api.stream).toHaveBeenCalledTimes(1);
    socket.breaks();
    await vi.advanceTimersByTimeAsync(7000);
    TestBed.tick();
    await vi.advanceTimersByTimeAsync(0);
    expect(api.stream.mock.calls.length).toBeGreaterThan(1);
  });
});

describe('figures about the picture', () => {
  it('are none of now while the viewer has paused, or no frame comes', async () => {
    const { store } = await open(live);
    expect(store.standing()).toBe('unknown');
    store.paused.set(true);
    expect(store.standing()).toBe('paused');
  });
});

describe('another session', () => {
  const first = streamOf({ state: 'live', session: sessionOf({ id: 'first' }) });
  const second = streamOf({ state: 'live', session: sessionOf({ id: 'second' }) });

  /** Somebody who saw this frame of the first session when the second one begins. */
  async function begins({ keepsPlace }: { keepsPlace: boolean }) {
    const opened = await open(first);
    opened.store.lastDraw = drawOf({ ptsMs: 12_345 });
    opened.store.stay.keepsPlace = () => keepsPlace;
    opened.socket.says({ type: 'stream', stream: streamOf({ ...second, state: 'connecting' }) });
    opened.socket.says({ type: 'stream', stream: second });
    await vi.advanceTimersByTimeAsync(0);
    return opened;
  }

  it('takes the place of the one before for who is at its live edge', async () => {
    const { store, api, router } = await begins({ keepsPlace: false });
    expect(store.session()?.id).toBe('second');
    expect(api.recording).not.toHaveBeenCalled();
    expect(router.navigateByUrl).not.toHaveBeenCalled();
  });

  it('leaves who is in the past where they are, with what is on air at hand', async () => {
    const { store, api, router } = await begins({ keepsPlace: true });
    expect(api.recording).toHaveBeenCalledTimes(1);
    expect(store.session()?.id).toBe('first');
    expect(store.moment()?.ptsMs).toBe(12_345);
    expect(store.stream()).toMatchObject({ state: 'live', session: { id: 'second' } });
    expect(router.navigateByUrl).toHaveBeenCalledWith('/streams/stream/sessions/first?t=12.345');
    store.recordingEnded();
    expect(router.navigate).toHaveBeenCalledWith(['/streams', 'stream']);
  });

  it('is played when nothing is left of the one before', async () => {
    const opened = await open(first);
    opened.api.recording.mockRejectedValue(new ApiError('gone', 'session_not_found', 404));
    opened.store.lastDraw = drawOf({ ptsMs: 12_345 });
    opened.store.stay.keepsPlace = () => true;
    opened.socket.says({ type: 'stream', stream: second });
    await vi.advanceTimersByTimeAsync(0);
    expect(opened.store.session()?.id).toBe('second');
  });

  it('is not come to at the end of a recording that was asked for', async () => {
    const opened = await open(second);
    await opened.store.open('stream', { sessionId: 'first' });
    opened.store.recordingEnded();
    expect(opened.router.navigate).not.toHaveBeenCalled();
  });
});
