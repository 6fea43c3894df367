import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLinkFrame, type LinkFrame } from '@media-analyzer/protocol/process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameServer } from './frame-server.js';

let dir: string;
let path: string;
let server: FrameServer | null;
let received: LinkFrame[];
let logged: string[];

const listen = async () => {
  server = await FrameServer.listen({
    path,
    onFrame: (frame) => received.push(frame),
    log: (level, text, fields) => logged.push(`${level} ${text} ${fields?.problem}`),
  });
};
const client = async (): Promise<Socket> => {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
};
const frame = (sessionId: string, ptsMs: number): LinkFrame => ({
  ...{
    sessionId,
    ptsMs,
    capturedAt: 1,
    width: 4,
    height: 2,
    contentWidth: 4,
    contentHeight: 2,
    sourceWidth: 8,
    sourceHeight: 4,
    shape: 4_000_000_000,
  },
  pixels: new Uint8Array(24).fill(ptsMs),
});
const bytes = (sent: LinkFrame): Buffer => Buffer.concat(encodeLinkFrame(sent));

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'link-'));
  path = join(dir, 'sockets/vision.sock');
  received = [];
  logged = [];
  server = null;
});
afterEach(async () => {
  await server?.close();
  await rm(dir, { recursive: true });
});

describe('FrameServer', () => {
  it('reads frames however the bytes are cut', async () => {
    await listen();
    const socket = await client();
    const all = Buffer.concat([bytes(frame('a', 1)), bytes(frame('a', 2)), bytes(frame('b', 3))]);
    for (let at = 0; at < all.length; at += 7) socket.write(all.subarray(at, at + 7));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(3);
    expect(received.map(({ sessionId, ptsMs, pixels }) => [sessionId, ptsMs, pixels.length, pixels[23]])).toEqual([
      ['a', 1, 24, 1],
      ['a', 2, 24, 2],
      ['b', 3, 24, 3],
    ]);
    socket.destroy();
  });

  it('closes the connection that sends garbage, and no other', async () => {
    await listen();
    const [bad, good] = await Promise.all([client(), client()]);
    bad.write(Buffer.alloc(100, 0xff));
    await once(bad, 'close');
    good.write(bytes(frame('a', 1)));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
    expect(logged).toEqual([expect.stringContaining('magic')]);
    good.destroy();
  });

  it('survives a connection that ends in the middle of a frame', async () => {
    await listen();
    const cut = await client();
    cut.write(bytes(frame('a', 1)).subarray(0, 50), () => cut.destroy());
    await once(cut, 'close');
    const next = await client();
    next.write(bytes(frame('a', 2)));
    await expect.poll(() => received.map(({ ptsMs }) => ptsMs), { timeout: 10_000 }).toEqual([2]);
    next.destroy();
  });

  it('takes the place of a socket file that a killed process left', async () => {
    await listen();
    const left = server!;
    server = null;
    // Closing removes the file; a killed process leaves it. The old server object stays open and unreachable.
    await listen();
    expect(await client().then((socket) => socket.destroy() && socket.destroyed)).toBe(true);
    await left.close();
  });

  it('does not remove what is no socket', async () => {
    await listen();
    await server!.close();
    await writeFile(path, 'precious');
    await expect(listen()).rejects.toThrow('is no socket');
    await access(path);
  });

  it('removes its file when it is closed', async () => {
    await listen();
    await server!.close();
    await expect(access(path)).rejects.toThrow();
  });
});
