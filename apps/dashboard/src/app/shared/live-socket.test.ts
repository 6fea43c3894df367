import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket, type SocketLike, type SocketState } from './live-socket';

class FakeSocket implements SocketLike {
  readyState = 0;
  sent: { type: string; [key: string]: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  fail(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  types(): string[] {
    return this.sent.map((message) => message.type);
  }
}

function start() {
  const sockets: FakeSocket[] = [];
  const states: SocketState[] = [];
  const messages: string[] = [];
  const live = new LiveSocket({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    onState: (state) => states.push(state),
    onMessage: (message) => messages.push(message.type),
    random: () => 1,
  });
  live.start();
  return { live, sockets, states, messages };
}

describe('the live socket', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('asks for what was wished for before it was open', () => {
    const { live, sockets } = start();
    live.watch();
    live.subscribe('a');
    expect(sockets[0]!.sent).toEqual([]);
    sockets[0]!.accept();
    expect(sockets[0]!.sent).toEqual([{ type: 'watch' }, { type: 'subscribe', streamId: 'a' }]);
  });

  it('comes back after a loss and asks for everything again', () => {
    const { live, sockets, states } = start();
    live.watch();
    live.subscribe('a');
    sockets[0]!.accept();
    sockets[0]!.fail();
    expect(states.at(-1)).toMatchObject({ kind: 'lost', attempts: 1 });
    vi.advanceTimersByTime(500);
    sockets[1]!.accept();
    expect(states.at(-1)).toEqual({ kind: 'open' });
    expect(sockets[1]!.types()).toEqual(['watch', 'subscribe']);
  });

  it('waits longer after each failure, up to a limit, and starts over once it was open', () => {
    const { sockets, states } = start();
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      sockets[i]!.fail();
      const state = states.at(-1)!;
      const delay = state.kind === 'lost' ? state.retryAt - Date.now() : Number.NaN;
      delays.push(delay);
      vi.advanceTimersByTime(delay);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    sockets[8]!.accept();
    sockets[8]!.fail();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(10);
  });

  it('tries at once when asked to', () => {
    const { live, sockets } = start();
    sockets[0]!.fail();
    live.retryNow();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(5000);
    expect(sockets).toHaveLength(2);
  });

  it('takes a connection that has gone silent for lost', () => {
    const { sockets, states } = start();
    sockets[0]!.accept();
    vi.advanceTimersByTime(20_000);
    sockets[0]!.say({ type: 'pong', at: 0, serverAt: 0 });
    vi.advanceTimersByTime(20_000);
    expect(states.at(-1)!.kind).toBe('open');
    vi.advanceTimersByTime(10_000);
    expect(states.at(-1)!.kind).not.toBe('open');
  });

  it('gives up on a connection that does not open', () => {
    const { sockets, states } = start();
    vi.advanceTimersByTime(10_000);
    expect(states.at(-1)!.kind).toBe('lost');
    sockets[0]!.accept();
    expect(states.at(-1)!.kind).toBe('lost');
  });

  it('unsubscribes when the last one who asked has let go', () => {
    const { live, sockets } = start();
    sockets[0]!.accept();
    const first = live.subscribe('a');
    const second = live.subscribe('a');
    first();
    first();
    expect(sockets[0]!.types()).toEqual(['subscribe']);
    second();
    expect(sockets[0]!.types()).toEqual(['subscribe', 'unsubscribe']);
  });

  it('passes on messages of the protocol and nothing else', () => {
    const { sockets, messages } = start();
    sockets[0]!.accept();
    sockets[0]!.say({ type: 'pong', at: 1, serverAt: 2 });
    sockets[0]!.say({ type: 'pong', at: 'yesterday', serverAt: 2 });
    sockets[0]!.say({ type: 'of-a-newer-server' });
    sockets[0]!.say('{');
    expect(messages).toEqual(['pong']);
  });

  it('stays closed once closed', () => {
    const { live, sockets } = start();
    sockets[0]!.accept();
    live.close();
    vi.advanceTimersByTime(60_000);
    live.retryNow();
    expect(sockets).toHaveLength(1);
    expect(sockets[0]!.readyState).toBe(3);
  });
});
