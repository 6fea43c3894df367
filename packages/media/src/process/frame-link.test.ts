import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { type LinkFrame, LinkFrameReader } from '@media-analyzer/protocol/process';
import { afterEach, expect, test, vi } from 'vitest';
import { scratchFolder } from '../testing/media.js';
import { FrameLink } from './frame-link.js';

const WAIT = { timeout: 10_000, interval: 5 };
const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
});

async function listen(socketPath: string): Promise<{ server: Server; sockets: Socket[]; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  undo.push(() => server.close());
  return { server, sockets, close };
}

function link(socketPath: string) {
  const dropped: string[] = [];
  let sent = 0;
  let losses = 0;
  const frames = new FrameLink({
    socketPath,
    onDropped: (reason) => void dropped.push(reason),
    onSent: () => {
      sent += 1;
    },
    onLost: () => {
      losses += 1;
    },
  });
  undo.push(() => frames.close());
  return { frames, dropped, sent: () => sent, losses: () => losses };
}

/** Larger than what a local socket buffers. */
function frame(ptsMs: number, side = 1024): LinkFrame {
  const size = { width: side, height: side, contentWidth: side, contentHeight: side };
  const pixels = new Uint8Array(side * side * 3).fill(ptsMs % 251);
  return { sessionId: 's', ptsMs, capturedAt: 1, ...size, sourceWidth: 1920, sourceHeight: 1080, shape: 7, pixels };
}

function readTimes(socket: Socket): number[] {
  const reader = new LinkFrameReader();
  const times: number[] = [];
  socket.on('data', (chunk: Buffer) => {
    for (const one of reader.push(chunk)) {
      expect(one.pixels.every((level) => level === one.ptsMs % 251)).toBe(true);
      times.push(one.ptsMs);
    }
  });
  socket.resume();
  return times;
}

test('frames arrive whole and in order', async () => {
  const socketPath = path.join(scratchFolder(), 'link');
  const { sockets } = await listen(socketPath);
  const { frames, dropped, sent } = link(socketPath);
  await vi.waitUntil(() => frames.connected && sockets.length === 1, WAIT);
  const times = readTimes(sockets[0]!);
  for (let ptsMs = 0; ptsMs < 5; ptsMs += 1) {
    frames.send(frame(ptsMs, 64));
    await vi.waitUntil(() => sent() === ptsMs + 1, WAIT);
  }
  await vi.waitUntil(() => times.length === 5, WAIT);
  expect(times).toEqual([0, 1, 2, 3, 4]);
  expect(dropped).toEqual([]);
});

test('while vision does not read, the newest frame takes the waiting one’s place', async () => {
  const socketPath = path.join(scratchFolder(), 'link');
  const { sockets } = await listen(socketPath);
  const { frames, dropped, sent } = link(socketPath);
  await vi.waitUntil(() => frames.connected && sockets.length === 1, WAIT);
  sockets[0]!.pause();
  for (let ptsMs = 0; ptsMs < 6; ptsMs += 1) frames.send(frame(ptsMs));
  expect(dropped).toEqual(['link_busy', 'link_busy', 'link_busy', 'link_busy']);
  const times = readTimes(sockets[0]!);
  await vi.waitUntil(() => times.length === 2, WAIT);
  expect(times).toEqual([0, 5]);
  await vi.waitUntil(() => sent() === 2, WAIT);
});

test('without vision frames are dropped, and flow again when it is back', async () => {
  const socketPath = path.join(scratchFolder(), 'link');
  const { frames, dropped, sent } = link(socketPath);
  frames.send(frame(0, 8));
  expect(dropped).toEqual(['vision_down']);
  const first = await listen(socketPath);
  await vi.waitUntil(() => frames.connected, WAIT);
  await first.close();
  await vi.waitUntil(() => !frames.connected, WAIT);
  frames.send(frame(1, 8));
  expect(dropped).toEqual(['vision_down', 'vision_down']);
  const second = await listen(socketPath);
  await vi.waitUntil(() => frames.connected && second.sockets.length === 1, WAIT);
  const times = readTimes(second.sockets[0]!);
  frames.send(frame(2, 8));
  await vi.waitUntil(() => times.length === 1, WAIT);
  expect(times).toEqual([2]);
  expect(sent()).toBe(1);
});

test('frames under way when vision dies are counted', async () => {
  const socketPath = path.join(scratchFolder(), 'link');
  const { sockets, close } = await listen(socketPath);
  const { frames, dropped, sent } = link(socketPath);
  await vi.waitUntil(() => frames.connected && sockets.length === 1, WAIT);
  sockets[0]!.pause();
  frames.send(frame(0));
  frames.send(frame(1));
  await close();
  await vi.waitUntil(() => dropped.length + sent() === 2, WAIT);
  expect(dropped).toEqual(['vision_down', 'vision_down']);
});
