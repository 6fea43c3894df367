import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isSample, readCodedSamples } from '@media-analyzer/media/codec';
import type { CodedError, CodedSample, ModelInput, ProcessState, VideoTrack } from '@media-analyzer/protocol';
import { type FrameTap, type LinkFrame, LinkFrameReader } from '@media-analyzer/protocol/process';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { resolveChildEntry } from './child-entry.js';
import type { MediaCounts } from './media-counts.js';
import { MediaProcess, type MediaProcessOptions } from './media-process.js';

const WAIT = { timeout: 25_000, interval: 5 };
const folder = mkdtempSync(path.join(tmpdir(), 'media-process-test-'));
const INPUT: ModelInput = {
  ...{ width: 128, height: 128, fit: 'letterbox-top-left', pad: 114, channels: 'rgb' },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};

interface Clip {
  readonly track: VideoTrack;
  readonly samples: readonly CodedSample[];
}

async function makeClip(name: string, size: string, { seconds = 4, keyframeEvery = 15 } = {}): Promise<Clip> {
  const file = path.join(folder, `${name}.mp4`);
  const encode = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-bf',
    '2',
    '-g',
    String(keyframeEvery),
    '-pix_fmt',
    'yuv420p',
  ];
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${size}:rate=30`,
    '-t',
    String(seconds),
    ...encode,
    file,
  ]);
  const samples: CodedSample[] = [];
  let track: VideoTrack | undefined;
  for await (const item of readCodedSamples(file)) {
    if (isSample(item)) samples.push(item);
    else track = item.find((one): one is VideoTrack => one.kind === 'video');
  }
  return { track: track!, samples };
}

/** Stands in for the vision process: listens where it would, and keeps what arrives. */
class FakeVision {
  readonly frames: LinkFrame[] = [];
  private readonly sockets: Socket[] = [];
  private server: Server | null = null;

  constructor(readonly socketPath: string) {}

  async start(): Promise<void> {
    this.server = createServer((socket) => {
      const reader = new LinkFrameReader();
      socket.on('data', (chunk: Buffer) => this.frames.push(...reader.push(chunk)));
      socket.on('error', () => {});
      this.sockets.push(socket);
    });
    this.server.listen(this.socketPath);
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.server) return;
    for (const socket of this.sockets.splice(0)) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server = null;
    await closed;
  }
}

let landscape: Clip;
let portrait: Clip;
beforeAll(async () => {
  landscape = await makeClip('landscape', '320x180');
  portrait = await makeClip('portrait', '180x320');
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanups.splice(0).reverse()) await one();
});

let sockets = 0;
async function fixture(changes: Partial<MediaProcessOptions> = {}) {
  const vision = new FakeVision(path.join(folder, `vision-${sockets++}`));
  await vision.start();
  const states: ProcessState[] = [];
  const problems: CodedError[] = [];
  const thumbnails: { ptsMs: number; jpeg: Uint8Array }[] = [];
  const counts: MediaCounts[] = [];
  const quiet = (): void => {};
  const tap: FrameTap = { rate: 10, sampling: 'early', input: INPUT, socketPath: vision.socketPath };
  const media = new MediaProcess({
    sessionId: 'session-1',
    tap,
    thumbnail: null,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    onThumbnail: (one) => void thumbnails.push(one),
    onCounts: (one) => void counts.push(one),
    onProblem: (one) => void problems.push(one),
    onState: (state) => void states.push(state),
    ...changes,
  });
  cleanups.push(
    () => vision.stop(),
    () => media.stop(),
  );
  media.start();
  await vi.waitUntil(() => media.state === 'running', WAIT);
  return { media, vision, tap, states, problems, thumbnails, counts };
}

/** Plays a clip again and again on a clock that goes on, a sample a call. */
function player(media: MediaProcess, clip: Clip) {
  let next = 0;
  let offsetMs = 0;
  return {
    play(count: number): void {
      for (let done = 0; done < count; done += 1) {
        const sample = clip.samples[next]!;
        media.sample({
          ...sample,
          ptsMs: sample.ptsMs + offsetMs,
          dtsMs: sample.dtsMs + offsetMs,
          capturedAt: Date.now(),
        });
        next += 1;
        if (next === clip.samples.length) {
          next = 0;
          offsetMs += 4_000;
        }
      }
    },
    async until(condition: () => boolean): Promise<void> {
      await vi.waitUntil(
        () => {
          this.play(1);
          return condition();
        },
        { ...WAIT, interval: 20 },
      );
    },
  };
}

/** Lets the child connect to the socket first: what comes before is rightly dropped as `vision_down`. */
async function warm(media: MediaProcess, clip: Clip, vision: FakeVision) {
  media.track(clip.track);
  const stream = player(media, clip);
  await stream.until(() => vision.frames.length > 0);
  return stream;
}

const total = (counts: MediaCounts): number =>
  counts.sent + Object.values(counts.dropped).reduce((sum, one) => sum + one, 0);

test('frames arrive at the target rate, letterboxed, with the times of their samples', async () => {
  const { media, vision } = await fixture();
  const stream = await warm(media, landscape, vision);
  await stream.until(() => vision.frames.length >= 15);
  const times = vision.frames.map((frame) => frame.ptsMs);
  for (const [index, time] of times.entries()) {
    expect(
      landscape.samples.some(
        (sample) => Math.abs(sample.ptsMs - (time % 4_000)) < 0.01 || Math.abs(sample.ptsMs + 4_000 - time) < 0.01,
      ),
    ).toBe(true);
    if (index > 0) expect(time - times[index - 1]!).toBeLessThan(170);
  }
  expect(vision.frames[0]).toMatchObject({
    ...{ sessionId: 'session-1', width: 128, height: 128, contentWidth: 128, contentHeight: 72 },
    ...{ sourceWidth: 320, sourceHeight: 180 },
  });
  expect([...vision.frames[0]!.pixels.subarray(-3)]).toEqual([114, 114, 114]);
  expect(Date.now() - vision.frames.at(-1)!.capturedAt).toBeLessThan(60_000);
});

describe('SIGKILL in the middle of a stream', () => {
  test('costs some frames, counted, and analysis goes on', async () => {
    const { media, vision, states, counts } = await fixture();
    const stream = await warm(media, landscape, vision);
    await stream.until(() => counts.length > 0);
    const before = media.counts;
    const arrived = vision.frames.length;
    process.kill(media.pid!, 'SIGKILL');
    await stream.until(
      () => states.filter((state) => state === 'running').length === 2 && vision.frames.length > arrived + 5,
    );
    expect(states).toEqual(['starting', 'running', 'restarting', 'starting', 'running']);
    await stream.until(() => (counts.at(-1)?.sent ?? 0) > before.sent);
    expect(counts.at(-1)!.dropped.media_down).toBeGreaterThan(0);
  });

  test('in a long keyframe interval does not have to wait for its end', async () => {
    const long = await makeClip('long', '320x180', { seconds: 30, keyframeEvery: 1000 });
    expect(long.samples.filter(({ keyframe }) => keyframe)).toHaveLength(1);
    const { media, vision } = await fixture();
    let next = 0;
    const feed = async (condition: () => boolean): Promise<void> => {
      await vi.waitUntil(
        () => {
          const sample = long.samples[next++];
          if (sample) media.sample({ ...sample, capturedAt: Date.now() });
          return condition();
        },
        { ...WAIT, interval: 15 },
      );
    };
    media.track(long.track);
    await feed(() => vision.frames.length > 5);
    const killedAt = Date.now();
    process.kill(media.pid!, 'SIGKILL');
    await feed(() => vision.frames.filter(({ capturedAt }) => capturedAt > killedAt).length > 5);
    expect(media.counts.dropped.media_down).toBeGreaterThan(0);
    const times = vision.frames.map(({ ptsMs }) => ptsMs);
    expect(times, 'no frame is analysed twice').toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  test('of vision drops frames as vision_down until it is back', async () => {
    const { media, vision } = await fixture();
    const stream = await warm(media, landscape, vision);
    await vision.stop();
    await stream.until(() => (media.counts.dropped.vision_down ?? 0) > 3);
    const arrived = vision.frames.length;
    await vision.start();
    await stream.until(() => vision.frames.length > arrived + 3);
  });
});

test('every sampled frame is sent or dropped for a reason', async () => {
  const { media, vision, counts } = await fixture();
  const stream = await warm(media, landscape, vision);
  stream.play(200);
  await vi.waitUntil(() => {
    const last = counts.at(-1);
    return (
      last !== undefined && last.sampled > 60 && total(last) === last.sampled && vision.frames.length === last.sent
    );
  }, WAIT);
});

test('a change of resolution, by a new track, goes on', async () => {
  const { media, vision } = await fixture();
  const stream = await warm(media, landscape, vision);
  stream.play(5);
  media.discontinuity();
  media.track(portrait.track);
  const next = player(media, portrait);
  await next.until(() => vision.frames.some((frame) => frame.sourceWidth === 180));
  expect(vision.frames.at(-1)).toMatchObject({ contentWidth: 72, contentHeight: 128, sourceHeight: 320 });
});

test('thumbnails come without a tap from keyframes alone, at their distance', async () => {
  const { media, thumbnails, counts } = await fixture({ tap: null, thumbnail: { everyMs: 900, width: 64 } });
  media.track(landscape.track);
  const stream = player(media, landscape);
  stream.play(landscape.samples.length);
  await vi.waitUntil(() => thumbnails.length >= 4 && counts.length > 0 && counts.at(-1)!.decoded >= 4, WAIT);
  for (const [index, { ptsMs, jpeg }] of thumbnails.entries()) {
    expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    if (index > 0) expect(ptsMs - thumbnails[index - 1]!.ptsMs).toBeGreaterThanOrEqual(900);
  }
  expect(counts.at(-1)!.decoded).toBe(thumbnails.length);
});

test('without a tap nothing is sent but keyframes that a picture is due of', async () => {
  const { media, thumbnails } = await fixture({
    tap: null,
    thumbnail: { everyMs: 5000, width: 64 },
    entry: resolveChildEntry(new URL('./fixtures/eager-pictures.mjs', import.meta.url).href),
  });
  const [sample] = landscape.samples;
  const send = (ptsMs: number, keyframe = true) => media.sample({ ...sample!, keyframe, ptsMs, dtsMs: ptsMs });
  send(0);
  await vi.waitUntil(() => thumbnails.length === 1, WAIT);
  for (const ptsMs of [1000, 2000, 4999]) send(ptsMs);
  send(5000, false);
  send(5040);
  await vi.waitUntil(() => thumbnails.length >= 2, WAIT);
  expect(thumbnails.map(({ ptsMs }) => ptsMs)).toEqual([0, 5040]);
});

test('sampling can be switched off and on again', async () => {
  const { media, vision, tap, counts } = await fixture();
  const stream = await warm(media, landscape, vision);
  media.setTap(null);
  const switched = counts.length;
  await stream.until(() => counts.length > switched + 2);
  const quiet = vision.frames.length;
  await stream.until(() => counts.length > switched + 3);
  expect(vision.frames.length).toBe(quiet);
  media.setTap({ ...tap, rate: 15 });
  await stream.until(() => vision.frames.length > quiet + 5);
});

test('broken samples are told in aggregate, and neither they nor their like end the process', async () => {
  const { media, vision, problems } = await fixture();
  const stream = await warm(media, landscape, vision);
  const pid = media.pid;
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (const [index, sample] of landscape.samples.entries()) {
    const data = Uint8Array.from(sample.data.subarray(0, random(4) === 0 ? random(sample.data.length + 1) : undefined));
    for (let flips = random(12); flips > 0 && data.length > 0; flips -= 1) data[random(data.length)] = random(256);
    media.sample({
      ...sample,
      ptsMs: 20_000 + sample.ptsMs,
      dtsMs: 20_000 + sample.dtsMs,
      keyframe: sample.keyframe || index % 5 === 0,
      data,
    });
  }
  media.track({ ...landscape.track, configuration: Uint8Array.of(1, 0x64, 0, 0x1f, 0xff) });
  media.track({ ...landscape.track, codec: 'av1', configuration: Uint8Array.of(0x81, 0, 0, 0, 9, 9) });
  media.track(landscape.track);
  const arrived = vision.frames.length;
  await stream.until(() => problems.length > 0 && vision.frames.length > arrived + 5);
  expect(media.pid).toBe(pid);
  for (const problem of problems) expect(problem.code).toBe('decode_failed');
  expect(problems.length).toBeLessThan(20);
});

test('a process that takes nothing makes its owner drop up to the next keyframe, in bounded memory', async () => {
  const { media, vision } = await fixture({
    limits: { maxInFlightBytes: 20_000, heartbeatMs: 60_000, restartMinMs: 60_000, restartMaxMs: 60_000 },
  });
  const stream = await warm(media, landscape, vision);
  process.kill(media.pid!, 'SIGSTOP');
  stream.play(landscape.samples.length);
  expect(media.counts.dropped.overload).toBeGreaterThan(20);
  process.kill(media.pid!, 'SIGCONT');
  const arrived = vision.frames.length;
  await stream.until(() => vision.frames.length > arrived + 3);
});
