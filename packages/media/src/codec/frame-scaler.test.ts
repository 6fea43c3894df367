import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ffmpeg, readVideo, scratchFolder } from '../testing/media.js';
import { contentSize, FrameScaler, type ScaledFrame, type ScaleTarget, VideoDecoder } from './index.js';

const folder = scratchFolder();
const letterbox: ScaleTarget = { width: 416, height: 416, fit: 'letterbox-top-left', pad: 114 };

const clip = (name: string): string => path.join(folder, `${name}.mp4`);

beforeAll(() => {
  const encode = '-frames:v 2 -c:v libx264 -qp 1 -pix_fmt yuv420p';
  ffmpeg(`-f lavfi -i color=red:size=640x360 ${encode} ${clip('landscape')}`);
  ffmpeg(`-f lavfi -i color=red:size=270x480 ${encode} ${clip('portrait')}`);
  ffmpeg(`-f lavfi -i color=red:size=100x74 ${encode} ${clip('small')}`);
  ffmpeg(`-f lavfi -i testsrc2=size=1280x720 ${encode} -colorspace bt709 ${clip('hd-bt709')}`);
  ffmpeg(`-f lavfi -i testsrc2=size=1280x720 ${encode} ${clip('hd-unlabelled')}`);
});

/** Scales the first picture of each clip with one scaler. */
async function scaleFirst(target: ScaleTarget, ...clips: string[]): Promise<ScaledFrame[]> {
  const scaler = new FrameScaler(target);
  const scaled: ScaledFrame[] = [];
  for (const file of clips) {
    const { track, samples } = await readVideo(file);
    const decoder = await VideoDecoder.open(track);
    await decoder.decodeAlone(samples[0]!, async (frame) => void scaled.push(await scaler.scale(frame)));
    await decoder.close();
  }
  scaler.close();
  return scaled;
}

function pixel(frame: ScaledFrame, x: number, y: number): number[] {
  const at = (y * frame.width + x) * 3;
  return [...frame.pixels.subarray(at, at + 3)];
}

const isRed = ([r, g, b]: number[]): boolean => r! > 240 && g! < 16 && b! < 16;

test.each([
  [
    { width: 1920, height: 1080 },
    { width: 416, height: 234 },
  ],
  [
    { width: 1080, height: 1920 },
    { width: 234, height: 416 },
  ],
  [
    { width: 416, height: 416 },
    { width: 416, height: 416 },
  ],
  [
    { width: 100, height: 50 },
    { width: 416, height: 208 },
  ],
  [
    { width: 4000, height: 2 },
    { width: 416, height: 1 },
  ],
])('a picture of %o covers %o of a square of 416', (source, content) => {
  expect(contentSize(source, letterbox)).toEqual(content);
  expect(contentSize(source, { ...letterbox, fit: 'stretch' })).toEqual({ width: 416, height: 416 });
});

describe('letterboxing', () => {
  test.each(['landscape', 'portrait', 'small'])(
    'puts a %s picture to the top left and pads exactly the rest',
    async (name) => {
      const [frame] = await scaleFirst(letterbox, clip(name));
      expect(frame!.pixels).toHaveLength(416 * 416 * 3);
      let wrong = 0;
      for (let y = 0; y < 416; y += 1) {
        for (let x = 0; x < 416; x += 1) {
          const inside = x < frame!.contentWidth && y < frame!.contentHeight;
          const value = pixel(frame!, x, y);
          if (inside ? !isRed(value) : value.some((level) => level !== 114)) wrong += 1;
        }
      }
      expect(wrong).toBe(0);
    },
  );

  test('stretching leaves no padding', async () => {
    const [frame] = await scaleFirst({ ...letterbox, width: 301, height: 77, fit: 'stretch' }, clip('portrait'));
    expect([frame!.contentWidth, frame!.contentHeight]).toEqual([301, 77]);
    expect(isRed(pixel(frame!, 300, 76))).toBe(true);
  });
});

test('one scaler follows pictures that change size, each in memory of its own', async () => {
  const frames = await scaleFirst(letterbox, clip('landscape'), clip('portrait'), clip('landscape'));
  expect(frames.map((frame) => [frame.contentWidth, frame.contentHeight])).toEqual([
    [416, 234],
    [234, 416],
    [416, 234],
  ]);
  expect(frames[0]!.pixels.buffer).not.toBe(frames[2]!.pixels.buffer);
  expect(Buffer.compare(frames[0]!.pixels, frames[2]!.pixels)).toBe(0);
});

test.each(['hd-bt709', 'hd-unlabelled'])('the colours of %s are those of the BT.709 matrix', async (name) => {
  const target = { ...letterbox, height: 234 };
  const [frame] = await scaleFirst(target, clip(name));
  const reference = execFileSync('ffmpeg', [
    ...['-v', 'error', '-i', clip(name), '-frames:v', '1'],
    ...['-vf', 'scale=416:234:flags=bilinear:in_color_matrix=bt709,format=rgb24', '-f', 'rawvideo', '-'],
  ]);
  let sum = 0;
  for (const [at, level] of reference.entries()) sum += Math.abs(level - frame!.pixels[at]!);
  expect(sum / reference.length).toBeLessThan(1.5);
});
