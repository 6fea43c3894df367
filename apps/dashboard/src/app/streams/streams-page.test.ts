import { TestBed } from '@angular/core/testing';
import { provideRouter } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Api, ApiError } from '../shared/api';
import { Live, SocketFactory } from '../shared/live';
import type { SocketLike } from '../shared/live-socket';
import { sessionOf, streamOf } from '../shared/testing';
import { StreamsPage } from './streams-page';

const silent: SocketLike = {
  readyState: 0,
  send: () => {},
  close: () => {},
  onopen: null,
  onmessage: null,
  onclose: null,
};

afterEach(() => localStorage.clear());

async function render(listStreams: () => Promise<Stream[]>, startDemo = vi.fn()) {
  TestBed.configureTestingModule({
    providers: [
      provideRouter([{ path: '**', children: [] }]),
      { provide: SocketFactory, useValue: { open: () => silent } },
      { provide: Api, useValue: { listStreams, startDemo } },
    ],
  });
  const fixture = TestBed.createComponent(StreamsPage);
  await fixture.whenStable();
  const element: HTMLElement = fixture.nativeElement;
  const button = (text: string) =>
    [...element.querySelectorAll('button')].find((item) => item.textContent?.trim().includes(text));
  return { fixture, element, button, live: TestBed.inject(Live) };
}

describe('the streams page', () => {
  it('offers a first stream and the demo while there are none', async () => {
    const startDemo = vi.fn(async () => ({ running: true, streamId: 'demo' }));
    const { element, button } = await render(async () => [], startDemo);
    expect(element.textContent).toContain('No streams yet');
    expect(button('Create a stream')).toBeDefined();
    button('Try the demo')!.click();
    expect(startDemo).toHaveBeenCalledOnce();
  });

  it('says why the demo cannot start', async () => {
    const startDemo = vi.fn(async () => {
      throw new ApiError('The demo clip demo.mp4 does not exist', 'demo_clip_missing', 404);
    });
    const { fixture, element, button } = await render(async () => [], startDemo);
    button('Try the demo')!.click();
    await vi.waitFor(async () => {
      await fixture.whenStable();
      expect(element.querySelector('[role=alert]')?.textContent).toContain(
        'The clip of the demo is not on this server',
      );
    });
  });

  it.each(['list', 'wall'])('keeps the focus on a stream that comes to another place in the %s', async (view) => {
    const first = streamOf({ id: 'first', name: 'First', state: 'offline' });
    const second = streamOf({ id: 'second', name: 'Second', state: 'offline' });
    const { fixture, element, live } = await render(async () => [first, second]);
    document.body.append(element);
    element.querySelector<HTMLElement>(`[aria-label="${view === 'wall' ? 'Wall' : 'List'}"]`)?.click();
    await fixture.whenStable();
    const link = element.querySelector<HTMLElement>('a[href="/streams/second"]')!;
    link.focus();
    live.streams.set([first, { ...second, state: 'live' }]);
    await fixture.whenStable();
    expect(element.querySelector('a[href^="/streams/"]')).toBe(link);
    expect(document.activeElement).toBe(link);
  });

  it('lists streams with state and format, and follows the server', async () => {
    const { fixture, element, live } = await render(async () => [
      streamOf({ id: 'a', name: 'Studio', state: 'live', session: sessionOf() }),
    ]);
    const row = () => element.querySelector('tbody tr')!.textContent!;
    expect(row()).toContain('Live');
    expect(row()).toContain('1920×1080 · 30 fps · H.264');
    live.putStream(streamOf({ id: 'a', name: 'Studio', state: 'reconnecting', session: sessionOf() }));
    await fixture.whenStable();
    expect(row()).toContain('Reconnecting');
  });

  it('says what the server said when the list cannot be had', async () => {
    const { element } = await render(() =>
      Promise.reject(new ApiError('The database cannot be reached: refused', 'database_unreachable', 503)),
    );
    expect(element.querySelector('[role=alert]')?.textContent).toContain('The database cannot be reached: refused');
  });
});
