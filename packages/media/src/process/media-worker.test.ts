import path from 'node:path';
import type { CodedSample, VideoTrack } from '@media-analyzer/protocol';
import type { FrameTap, FromMedia } from '@media-analyzer/protocol/process';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ffmpeg, readVideo, scratchFolder } from '../testing/media.js';
import { disposableTest } from './disposable.js';
import { MediaWorker } from './media-worker.js';

const WAIT = { timeout: 20_000, interval: 5 };
const folder = scratchFolder();
/** Nobody listens there: frames are picked, then dropped as `vision_down`. */
const TAP: FrameTap = {
  rate: 10,
  sampling: 'early',
  socketPath: path.join(folder, 'nobody'),
  input: {
    ...{ width: 64, height: 64, fit: 'letterbox-top-left', pad: 114, channels: 'rgb' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  },
};

interface Clip {
  readonly track: VideoTrack;
  readonly samples: CodedSample[];
}
let clip: Clip;
let portrait: Clip;

beforeAll(async () => {
  const encode = '-t 6 -c:v libx264 -g 30 -pix_fmt yuv420p -x264-params bframes=2:b-adapt=0:b-pyramid=none:scenecut=0';
  ffmpeg(`-f lavfi -i testsrc2=size=320x180:rate=30 ${encode} ${folder}/landscape.mp4`);
  ffmpeg(`-f lavfi -i testsrc2=size=180x320:rate=30 ${encode} ${folder}/portrait.mp4`);
  clip = await readVideo(`${folder}/landscape.mp4`);
  portrait = await readVideo(`${folder}/portrait.mp4`);
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanups.splice(0)) await one();
});

function work(tap: FrameTap | null = TAP, thumbnail: { everyMs: number; width: number } | null = null) {
  const messages: FromMedia[] = [];
  let now = 0;
  const worker = new MediaWorker(
    (message) => void messages.push(message),
    () => now,
  );
  cleanups.push(() => worker.stop());
  worker.push({ type: 'configure', sessionId: 's', tap, thumbnail });
  const of = <T extends FromMedia['type']>(type: T) =>
    messages.filter((one): one is Extract<FromMedia, { type: T }> => one.type === type);
  const consumed = (): number => of('consumed').reduce((sum, one) => sum + one.bytes, 0);
  return {
    worker,
    of,
    setNow: (ms: number) => {
      now = ms;
    },
    /** Waits until all samples given are done with and reported. */
    async settled(samples: readonly CodedSample[]) {
      const bytes = samples.reduce((sum, sample) => sum + sample.data.length, 0);
      await vi.waitUntil(() => consumed() === bytes, WAIT);
      const reported = of('counts').length;
      await vi.waitUntil(() => of('counts').length > reported + 1, WAIT);
      return of('counts').at(-1)!;
    },
  };
}

const push = (worker: MediaWorker, samples: readonly CodedSample[]): void => {
  for (const sample of samples) worker.push({ type: 'sample', sample });
};

test('in time, one frame for each tick is picked, and B-frames that no tick wants are not decoded', async () => {
  const { worker, settled } = work();
  worker.push({ type: 'track', track: clip.track });
  push(worker, clip.samples);
  const counts = await settled(clip.samples);
  expect(counts.sampled).toBeGreaterThanOrEqual(59);
  expect(counts.sampled).toBeLessThanOrEqual(61);
  expect(counts.dropped).toEqual({ vision_down: counts.sampled });
  expect(counts.decoded).toBeLessThan(clip.samples.length * 0.9);
});

test('after a hopeless delay nothing is decoded up to a keyframe that comes in time, and all of it counts as overload', async () => {
  const { worker, settled, setNow } = work();
  worker.push({ type: 'track', track: clip.track });
  const late = clip.samples.slice(0, 120);
  push(worker, late);
  setNow(5_000);
  // Nothing of these was decoded, so their ticks are settled when a frame comes through or the grid starts anew.
  worker.push({ type: 'discontinuity' });
  const counts = await settled(late);
  expect(counts.decoded).toBe(0);
  expect(counts.dropped).toEqual({ overload: counts.sampled });
  expect(counts.sampled).toBeGreaterThanOrEqual(40);
  expect(counts.sampled).toBeLessThanOrEqual(42);
  push(worker, clip.samples.slice(110));
  const next = await settled(clip.samples.slice(0, 120).concat(clip.samples.slice(110)));
  expect(next.decoded).toBeGreaterThan(0);
  expect(next.dropped.overload).toBe(counts.dropped.overload);
});

test('a small delay leaves out the pictures that nothing refers to', async () => {
  const { worker, settled, setNow } = work();
  worker.push({ type: 'track', track: clip.track });
  push(worker, clip.samples);
  setNow(500);
  const counts = await settled(clip.samples);
  const disposable = disposableTest(clip.track);
  const needed = clip.samples.filter((sample) => !disposable(sample.data)).length;
  expect(needed).toBeLessThan(clip.samples.length / 2);
  // The last few wait in the decoder for reordering.
  expect(counts.decoded).toBeLessThanOrEqual(needed);
  expect(counts.decoded).toBeGreaterThanOrEqual(needed - 3);
});

test('what comes before the first keyframe is not decoded, and not counted', async () => {
  const { worker, settled } = work();
  worker.push({ type: 'track', track: clip.track });
  const fed = clip.samples.slice(5, 45);
  push(worker, fed);
  const counts = await settled(fed);
  expect(counts.decoded).toBeGreaterThan(0);
  expect(counts.decoded).toBeLessThanOrEqual(15);
  expect(counts.dropped.media_down).toBeUndefined();
});

test('a resolution that changes inside the bitstream is followed', async () => {
  const { worker, of } = work(TAP, { everyMs: 900, width: 64 });
  worker.push({ type: 'track', track: clip.track });
  push(worker, clip.samples);
  const shifted = portrait.samples.map((sample, index) => ({
    ...sample,
    ptsMs: sample.ptsMs + 6_000,
    dtsMs: sample.dtsMs + 6_000,
    data: index === 0 ? withParameterSets(portrait.track, sample.data) : sample.data,
  }));
  push(worker, shifted);
  await vi.waitUntil(() => of('thumbnail').length >= 10, WAIT);
  const heights = of('thumbnail').map(({ jpeg }) => jpegHeight(jpeg));
  expect(new Set(heights.slice(0, 5))).toEqual(new Set([36]));
  expect(heights.at(-1)).toBe(114);
  expect(of('problem')).toEqual([]);
});

test('samples without a track are consumed and harm nothing', async () => {
  const { worker, settled } = work();
  push(worker, clip.samples.slice(0, 10));
  expect(await settled(clip.samples.slice(0, 10))).toMatchObject({ decoded: 0, sampled: 0 });
});

/** Puts the SPS and PPS of an AVC configuration record (ISO/IEC 14496-15 5.3.3.1) in front of a sample. */
function withParameterSets(track: VideoTrack, data: Uint8Array): Uint8Array {
  const record = Buffer.from(track.configuration);
  const units: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    let left = record[at]! & mask;
    at += 1;
    for (; left > 0; left -= 1) {
      const length = record.readUInt16BE(at);
      const unit = Buffer.alloc(4 + length);
      unit.writeUInt32BE(length);
      record.copy(unit, 4, at + 2, at + 2 + length);
      units.push(unit);
      at += 2 + length;
    }
  }
  return Buffer.concat([...units, data]);
}

/** Height in the baseline frame header (SOF0). */
function jpegHeight(jpeg: Uint8Array): number {
  const bytes = Buffer.from(jpeg);
  return bytes.readUInt16BE(bytes.indexOf(Buffer.of(0xff, 0xc0)) + 5);
}

test('samples of the past are decoded and not sampled, so that decoding goes on in the middle of a group of pictures', async () => {
  const { worker, settled, of } = work();
  worker.push({ type: 'track', track: clip.track });
  worker.push({ type: 'replay', reason: 'media_down', samples: clip.samples.slice(0, 19) });
  const rest = clip.samples.slice(19, 30);
  expect(rest.some(({ keyframe }) => keyframe)).toBe(false);
  push(worker, rest);
  const counts = await settled(rest);
  expect(counts.sampled).toBeGreaterThanOrEqual(2);
  expect(counts.sampled).toBeLessThanOrEqual(5);
  expect(counts.dropped).not.toHaveProperty('media_down');
  expect(of('problem')).toEqual([]);
});

test('samples that arrive while the past is decoded are lost, and counted', async () => {
  const { worker, settled, setNow } = work();
  worker.push({ type: 'track', track: clip.track });
  worker.push({ type: 'replay', reason: 'media_down', samples: clip.samples.slice(0, 10) });
  const late = clip.samples.slice(10, 40);
  push(worker, late);
  setNow(500);
  await settled(late);
  const inTime = clip.samples.slice(40, 75);
  push(worker, inTime);
  const counts = await settled([...late, ...inTime]);
  // The late ones span a second of ten ticks; the others are picked as ever.
  expect(counts.dropped.media_down).toBeGreaterThanOrEqual(8);
  expect(counts.dropped.media_down).toBeLessThanOrEqual(11);
  expect(counts.sampled - counts.dropped.media_down!).toBeGreaterThanOrEqual(9);
});

test('a past that takes too long to decode is given up for the next keyframe', async () => {
  const messages: FromMedia[] = [];
  let asked = 0;
  const worker = new MediaWorker(
    (message) => void messages.push(message),
    () => (asked++ < 8 ? 0 : 5_000),
  );
  cleanups.push(() => worker.stop());
  worker.push({ type: 'configure', sessionId: 's', tap: TAP, thumbnail: null });
  worker.push({ type: 'track', track: clip.track });
  worker.push({ type: 'replay', reason: 'media_down', samples: clip.samples.slice(0, 29) });
  push(worker, clip.samples.slice(29, 60));
  const counts = () => messages.filter((one) => one.type === 'counts').at(-1);
  await vi.waitUntil(() => (counts()?.sampled ?? 0) >= 9, WAIT);
  expect(counts()!.decoded).toBeLessThan(35);
});

test('a sample that is refused costs its own picture, and the decoder goes on', async () => {
  const { worker, settled, of } = work();
  worker.push({ type: 'track', track: clip.track });
  // A message of an SEI unit alone, as some encoders send: no picture is in it.
  const sei = Uint8Array.of(0, 0, 0, 4, 6, 5, 1, 0x80);
  const disposable = disposableTest(clip.track);
  const samples = clip.samples.slice(0, 60).flatMap((sample, index) => {
    if (index % 10 === 5) return [sample, { ...sample, keyframe: false, data: sei }];
    // A slice whose header is nonsense, in a picture that others do not refer to.
    if (index > 30 && index < 36 && disposable(sample.data))
      return [{ ...sample, data: Uint8Array.of(0, 0, 0, 4, 1, 0xff, 0xff, 0xff) }];
    return [sample];
  });
  push(worker, samples);
  const counts = await settled(samples);
  expect(counts.decoded).toBeGreaterThan(30);
  expect(counts.sampled).toBeGreaterThanOrEqual(19);
  expect(counts.dropped.undecodable ?? 0).toBeLessThanOrEqual(2);
  expect(counts.dropped).not.toHaveProperty('media_down');
  expect(of('problem')[0]).toMatchObject({ code: 'decode_failed', details: { codec: 'h264' } });
});

test('a new rate is followed without a break in the link or in the decoding', async () => {
  const { worker, settled } = work();
  worker.push({ type: 'track', track: clip.track });
  push(worker, clip.samples.slice(0, 90));
  worker.push({ type: 'configure', sessionId: 's', tap: { ...TAP, rate: 2 }, thumbnail: null });
  push(worker, clip.samples.slice(90));
  const counts = await settled(clip.samples);
  // Three seconds at ten a second, three at two.
  expect(counts.sampled).toBeGreaterThanOrEqual(34);
  expect(counts.sampled).toBeLessThanOrEqual(39);
  expect(counts.linkLosses).toBe(0);
});
