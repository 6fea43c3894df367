import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { VideoDecoder } from '../codec/index.js';
import { ffmpeg, readVideo, scratchFolder } from '../testing/media.js';
import { disposableTest } from './disposable.js';

const folder = scratchFolder();

function clip(name: string, encoder: string): string {
  const file = path.join(folder, `${name}.mp4`);
  ffmpeg(`-f lavfi -i testsrc2=size=320x192:rate=30 -t 2 ${encoder} -pix_fmt yuv420p ${file}`);
  return file;
}

describe('leaving the disposable samples out harms no other picture', () => {
  test.each([
    ['h264', '-c:v libx264 -bf 2 -x264-params b-adapt=0:b-pyramid=none', 0.6],
    ['h264-pyramid', '-c:v libx264 -bf 3 -x264-params b-adapt=0:b-pyramid=normal', 0.45],
    ['hevc', '-c:v libx265 -x265-params log-level=none:bframes=3:b-adapt=0', 0.45],
  ])('in %s', async (name, encoder, share) => {
    const { track, samples } = await readVideo(clip(name, encoder));
    const disposable = disposableTest(track);
    const kept = samples.filter((sample) => !disposable(sample.data));
    expect(samples.length - kept.length).toBeGreaterThan(samples.length * share);
    const decoder = await VideoDecoder.open(track);
    const out: number[] = [];
    const take = (frame: { ptsMs: number; damaged: boolean }): void => {
      expect(frame.damaged).toBe(false);
      out.push(frame.ptsMs);
    };
    for (const sample of kept) await decoder.decode(sample, take);
    await decoder.drain(take);
    await decoder.close();
    expect(out).toEqual(kept.map((sample) => sample.ptsMs).sort((a, b) => a - b));
  });
});

test('a stream without B-frames has none', async () => {
  const { track, samples } = await readVideo(clip('plain', '-c:v libx264 -bf 0'));
  const disposable = disposableTest(track);
  expect(samples.some((sample) => disposable(sample.data))).toBe(false);
});

test('broken samples are not disposable', async () => {
  const { track } = await readVideo(clip('broken', '-c:v libx264 -bf 2'));
  const disposable = disposableTest(track);
  for (const data of [[], [0], [0, 0, 0, 9], [255, 255, 255, 255, 6], [0, 0, 0, 0, 0, 0, 0, 0]]) {
    expect(disposable(Uint8Array.from(data))).toBe(false);
  }
});
