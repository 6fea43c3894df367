import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelManifest } from '@media-analyzer/protocol';
import {
  encodeLinkFrame,
  type FromVision,
  type LinkFrame,
  type LoadedModel,
  type ToVision,
} from '@media-analyzer/protocol/process';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadManifest } from '../models/index.js';
import { findWeights, frameFromFile, MANIFEST_PATH, REFERENCE_DIR } from '../testing/models.js';

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url));

/** A vision process as the server runs it, with what it said so far. */
class Child {
  readonly said: FromVision[] = [];
  readonly sockets: Socket[] = [];
  readonly process: ChildProcess;
  private changed = (): void => {};

  constructor() {
    this.process = fork(PROGRAM, { execArgv: ['--import', 'tsx', '--conditions=source'], serialization: 'advanced' });
    this.process.on('message', (message: FromVision) => {
      this.said.push(message);
      this.changed();
    });
    this.process.on('exit', () => this.changed());
  }

  send(message: ToVision): void {
    this.process.send(message);
  }

  all<T extends FromVision['type']>(type: T): Extract<FromVision, { type: T }>[] {
    return this.said.filter((message): message is Extract<FromVision, { type: T }> => message.type === type);
  }

  /** Resolves when the child has said `count` messages of a type. */
  async hear<T extends FromVision['type']>(type: T, count = 1): Promise<Extract<FromVision, { type: T }>> {
    while (this.all(type).length < count) {
      if (this.process.exitCode !== null)
        throw new Error(`it ended before it said "${type}": ${JSON.stringify(this.said)}`);
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
    return this.all(type)[count - 1]!;
  }

  async link(): Promise<Socket> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    this.sockets.push(socket);
    return socket;
  }

  async end(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}

let dir: string;
let socketPath: string;
let child: Child;
let manifest: ModelManifest;
let nano: LoadedModel;
let picture: LinkFrame;

beforeAll(async () => {
  manifest = await loadManifest(MANIFEST_PATH);
  nano = findWeights(manifest, 'yolox-nano');
  picture = await frameFromFile(join(REFERENCE_DIR, 'pictures/000000000885.jpg'), nano.entry.input, 'session-a');
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
  socketPath = join(dir, 'vision.sock');
  child = new Child();
});
afterEach(async () => {
  await child.end();
  await rm(dir, { recursive: true });
});

const configure = (model = nano, change: Partial<Extract<ToVision, { type: 'configure' }>> = {}): ToVision => ({
  ...{ type: 'configure', socketPath, model, executionProvider: 'cpu', threads: 1 },
  ...{ deadlineMs: 5_000, scoreThreshold: null, maxDetections: 50, ...change },
});

/** Writes a frame and waits until the kernel has it. */
const send = (socket: Socket, frame: LinkFrame): Promise<void> =>
  new Promise((resolve, reject) => {
    const [head, pixels] = encodeLinkFrame(frame);
    socket.write(head);
    socket.write(pixels, (error) => (error ? reject(error) : resolve()));
  });

describe('the vision process', () => {
  it('answers a frame with what is in it, on the frame’s own time', async () => {
    await child.hear('ready');
    child.send(configure());
    expect(await child.hear('configured')).toMatchObject({
      model: 'yolox-nano',
      input: { width: 416 },
      executionProvider: 'cpu',
    });
    const capturedAt = Date.now();
    await send(await child.link(), { ...picture, ptsMs: 1234.5, capturedAt });
    const result = await child.hear('result');
    expect(result).toMatchObject({ sessionId: 'session-a', ptsMs: 1234.5, capturedAt, model: 'yolox-nano' });
    expect(result.completedAt).toBeGreaterThanOrEqual(capturedAt);
    expect(result.inferenceMs).toBeGreaterThan(0);
    expect(result.detections.map(({ label }) => label)).toContain('person');
  });

  it('analyses the newest frame when they come too fast, and accounts for every other', async () => {
    child.send(configure());
    await child.hear('configured');
    const socket = await child.link();
    const total = 60;
    await Promise.all(Array.from({ length: total }, (_, index) => send(socket, { ...picture, ptsMs: index })));
    const dropped = () => child.all('dropped').reduce((sum, { count }) => sum + count, 0);
    await expect.poll(() => child.all('result').length + dropped(), { timeout: 20_000 }).toBe(total);
    expect(dropped()).toBeGreaterThan(0);
    expect(new Set(child.all('dropped').map(({ reason }) => reason))).toEqual(new Set(['superseded']));
    // Fewer messages than drops: they are summed up.
    expect(child.all('dropped').length).toBeLessThan(dropped());
    const times = child.all('result').map(({ ptsMs }) => ptsMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBe(total - 1);
  });

  it('shares the model fairly between sessions', async () => {
    child.send(configure());
    await child.hear('configured');
    const [loud, quiet] = await Promise.all([child.link(), child.link()]);
    const flood = Promise.all(Array.from({ length: 60 }, (_, index) => send(loud, { ...picture, ptsMs: index })));
    for (let index = 0; index < 3; index++) {
      await send(quiet, { ...picture, sessionId: 'session-b', ptsMs: index });
      await expect
        .poll(() => child.all('result').filter(({ sessionId }) => sessionId === 'session-b').length, {
          timeout: 10_000,
        })
        .toBe(index + 1);
    }
    await flood;
    expect(child.all('dropped').every(({ sessionId }) => sessionId === 'session-a')).toBe(true);
  });

  it('drops what waited past its deadline', async () => {
    child.send(configure(nano, { deadlineMs: 0 }));
    await child.hear('configured');
    const sockets = await Promise.all(['a', 'b', 'c'].map(() => child.link()));
    await Promise.all(sockets.map((socket, index) => send(socket, { ...picture, sessionId: `s${index}` })));
    const late = () => child.all('dropped').filter(({ reason }) => reason === 'deadline');
    await expect
      .poll(() => late().reduce((sum, { count }) => sum + count, 0) + child.all('result').length, { timeout: 10_000 })
      .toBe(3);
    expect(late().length).toBeGreaterThan(0);
  });

  it('closes a link that sends garbage and goes on with the others', async () => {
    child.send(configure());
    await child.hear('configured');
    const [bad, good] = await Promise.all([child.link(), child.link()]);
    bad.write(Buffer.alloc(64, 1));
    await once(bad, 'close');
    await send(good, picture);
    await child.hear('result');
  });

  it('counts frames that were scaled for another model', async () => {
    child.send(configure());
    await child.hear('configured');
    const small = { ...picture, width: 8, height: 8, contentWidth: 8, contentHeight: 8, pixels: new Uint8Array(192) };
    const link = await child.link();
    await send(link, small);
    expect(await child.hear('dropped')).toMatchObject({ sessionId: 'session-a', reason: 'wrong_size', count: 1 });
    // As large as it should be, but fitted for a model that wants the picture stretched.
    await send(link, { ...picture, shape: picture.shape ^ 1 });
    expect(await child.hear('dropped', 2)).toMatchObject({ sessionId: 'session-a', reason: 'wrong_size', count: 1 });
  });

  it('says why a model cannot be used, stays, and takes the next one', async () => {
    const path = join(dir, 'broken.onnx');
    await writeFile(path, 'no model');
    child.send(configure({ ...nano, path }));
    expect(await child.hear('problem')).toMatchObject({ code: 'model_invalid', details: { model: 'yolox-nano' } });
    child.send(configure());
    await child.hear('configured');
    await send(await child.link(), picture);
    await child.hear('result');
  });

  it('switches the model while links stay open', async () => {
    const femto = findWeights(manifest, 'deimv2-femto');
    child.send(configure());
    await child.hear('configured');
    const socket = await child.link();
    await send(socket, picture);
    await child.hear('result');
    child.send(configure(femto));
    await child.hear('configured', 2);
    await send(
      socket,
      await frameFromFile(join(REFERENCE_DIR, 'pictures/000000000885.jpg'), femto.entry.input, 'session-a'),
    );
    expect(await child.hear('result', 2)).toMatchObject({ model: 'deimv2-femto' });
  });

  it('says why an inference failed and ends, so that a fresh one takes its place', async () => {
    const femto = findWeights(manifest, 'deimv2-femto');
    // A label set that is too short: nothing is wrong until the model sees something else than a person.
    child.send(configure({ ...femto, labels: ['person'] }));
    await child.hear('configured');
    const exit = once(child.process, 'exit');
    const file = join(REFERENCE_DIR, 'pictures/000000000885.jpg');
    await send(await child.link(), await frameFromFile(file, femto.entry.input));
    expect(await child.hear('problem')).toMatchObject({ code: 'inference_failed', details: { model: 'deimv2-femto' } });
    expect(await exit).toEqual([1, null]);
  });

  it('can be killed at work: its successor takes over the same socket', async () => {
    child.send(configure());
    await child.hear('configured');
    const socket = await child.link();
    socket.on('error', () => {});
    await send(socket, picture);
    child.process.kill('SIGKILL');
    await once(child.process, 'exit');
    await child.end();
    child = new Child();
    child.send(configure());
    await child.hear('configured');
    await send(await child.link(), picture);
    await child.hear('result');
  });

  it('ends in order when asked, and when the server is gone', async () => {
    child.send(configure());
    await child.hear('configured');
    await send(await child.link(), picture);
    child.send({ type: 'stop' });
    expect(await once(child.process, 'exit')).toEqual([0, null]);
    expect(child.all('problem')).toEqual([]);
    child = new Child();
    await child.hear('ready');
    child.process.disconnect();
    expect(await once(child.process, 'exit')).toEqual([0, null]);
  });
});
