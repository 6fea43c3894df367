import path from 'node:path';
import type { CodedSample, VideoTrack } from '@media-analyzer/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { ffmpeg, probedPts, readVideo, realClips, scratchFolder } from '../testing/media.js';
import { VideoDecoder } from './index.js';

async function decodeAll(track: VideoTrack, samples: readonly CodedSample[]) {
  const frames: { ptsMs: number; reorderMs: number; width: number; height: number; capturedAt: number }[] = [];
  const decoder = await VideoDecoder.open(track);
  const take = ({ ptsMs, reorderMs, width, height, capturedAt }: (typeof frames)[number]): void => {
    frames.push({ ptsMs, reorderMs, width, height, capturedAt });
  };
  try {
    for (const sample of samples) await decoder.decode(sample, take);
    await decoder.drain(take);
  } finally {
    await decoder.close();
  }
  return frames;
}

/** Times relative to the first picture: files begin at different offsets. */
const relative = (times: readonly number[]): number[] => times.map((time) => time - times[0]!);

function expectSameTimes(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const ours = relative(actual);
  const theirs = relative(expected);
  // ffprobe prints microseconds.
  for (const [index, time] of ours.entries()) expect(Math.abs(time - theirs[index]!)).toBeLessThan(0.01);
}

const folder = scratchFolder();
const bFrames = path.join(folder, 'b-frames.mp4');

beforeAll(() => {
  ffmpeg(
    `-f lavfi -i testsrc2=size=320x180:rate=30 -t 3 -c:v libx264 -bf 2 -g 30 -pix_fmt yuv420p -x264-params b-adapt=0:b-pyramid=none:scenecut=0 ${bFrames}`,
  );
});

describe('every picture comes out with the presentation time that ffprobe gives it', () => {
  const clips = realClips((media) => media.video_codec === 'h264' && Number(media.nb_frames) < 400).slice(0, 4);
  test.each(clips.map((clip) => [path.basename(clip), clip]))('in %s', async (_name, clip) => {
    const { track, samples } = await readVideo(clip);
    expectSameTimes(
      (await decodeAll(track, samples)).map((frame) => frame.ptsMs),
      probedPts(clip),
    );
  });

  test.each([
    ['hevc', '-c:v libx265 -x265-params log-level=none:bframes=3'],
    ['av1', '-c:v libsvtav1 -preset 12'],
    ['h264 with B-frame pyramid', '-c:v libx264 -bf 3 -x264-params b-pyramid=normal'],
  ])('in %s', async (name, encoder) => {
    const clip = path.join(folder, `${name.replaceAll(' ', '-')}.mp4`);
    ffmpeg(`-f lavfi -i testsrc2=size=320x192:rate=25 -t 2 ${encoder} -pix_fmt yuv420p ${clip}`);
    const { track, samples } = await readVideo(clip);
    const frames = await decodeAll(track, samples);
    expectSameTimes(
      frames.map((frame) => frame.ptsMs),
      probedPts(clip),
    );
    expect(frames.every((frame) => frame.width === 320 && frame.height === 192)).toBe(true);
  });
});

test('a picture carries the arrival time of its own sample', async () => {
  const { track, samples } = await readVideo(bFrames);
  const marked = samples.map((sample) => ({ ...sample, capturedAt: 1_000_000 + sample.ptsMs }));
  const frames = await decodeAll(track, marked);
  for (const frame of frames) expect(frame.capturedAt).toBe(1_000_000 + frame.ptsMs);
});

test('pictures that nothing refers to come out with their own sample, the others as soon as reordering allows', async () => {
  const { track, samples } = await readVideo(bFrames);
  const waits = (await decodeAll(track, samples)).map((frame) => Math.round(frame.reorderMs));
  // Two of three frames are B-frames; a P-frame waits for the two before it in time and the next P-frame.
  expect(waits.filter((wait) => wait === 0).length).toBeGreaterThanOrEqual(Math.floor(samples.length * 0.6));
  expect(Math.max(...waits)).toBeLessThanOrEqual(100);
});

test('a broken sample is refused with decode_failed, and the next keyframe decodes after a reset', async () => {
  const { track, samples } = await readVideo(bFrames);
  const decoder = await VideoDecoder.open(track);
  const times: number[] = [];
  const take = (frame: { ptsMs: number }): void => void times.push(frame.ptsMs);
  const broken = { ...samples[0]!, data: Uint8Array.of(255, 255, 255, 255, 0x65, 1, 2, 3) };
  await expect(decoder.decode(broken, take)).rejects.toMatchObject({ code: 'decode_failed' });
  await expect(decoder.decode({ ...broken, data: new Uint8Array() }, take)).rejects.toMatchObject({
    code: 'decode_failed',
  });
  await decoder.reset();
  for (const sample of samples.slice(0, 10)) await decoder.decode(sample, take);
  await decoder.close();
  expect(times[0]).toBe(samples[0]!.ptsMs);
});

test('a broken configuration is told at the latest with the first sample', async () => {
  const { track, samples } = await readVideo(bFrames);
  const decode = async (): Promise<void> => {
    const decoder = await VideoDecoder.open({ ...track, configuration: track.configuration.slice(0, 5) });
    await decoder.decode(samples[0]!, () => {}).finally(() => decoder.close());
  };
  await expect(decode()).rejects.toMatchObject({ code: 'decode_failed', details: { codec: 'h264' } });
});

test('a keyframe decodes alone, without the samples behind it', async () => {
  const { track, samples } = await readVideo(bFrames);
  const decoder = await VideoDecoder.open(track);
  const times: number[] = [];
  const keyframes = samples.filter((sample) => sample.keyframe);
  for (const sample of keyframes) await decoder.decodeAlone(sample, (frame) => void times.push(frame.ptsMs));
  await decoder.close();
  expect(keyframes.length).toBeGreaterThan(1);
  expect(times).toEqual(keyframes.map((sample) => sample.ptsMs));
});

test('reset tells which samples are lost with it', async () => {
  const { track, samples } = await readVideo(bFrames);
  const decoder = await VideoDecoder.open(track);
  const out = new Set<number>();
  const fed = samples.slice(0, 20);
  for (const sample of fed) await decoder.decode(sample, (frame) => void out.add(frame.ptsMs));
  const lost = await decoder.reset();
  await decoder.close();
  expect(lost.length).toBeGreaterThan(0);
  expect([...out, ...lost.map((sample) => sample.ptsMs)].sort((a, b) => a - b)).toEqual(
    fed.map((sample) => sample.ptsMs).sort((a, b) => a - b),
  );
});

test('closing waits for the native call under way', async () => {
  const { track, samples } = await readVideo(bFrames);
  const decoder = await VideoDecoder.open(track);
  const decoded = Promise.allSettled(samples.slice(0, 10).map((sample) => decoder.decode(sample, () => {})));
  await decoder.close();
  const after = await Promise.allSettled([decoder.decode(samples[0]!, () => {})]);
  expect((await decoded).length).toBe(10);
  expect(after[0]).toMatchObject({ status: 'rejected', reason: { code: 'decode_failed' } });
});
