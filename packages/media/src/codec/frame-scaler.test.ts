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

describe('a picture is scaled as it is shown', () => {
  const encode = '-frames:v 2 -c:v libx264 -qp 1 -pix_fmt yuv420p';
  /** Red on the left, blue on the right. */
  const halves = '-f lavfi -i color=red:size=160x180 -f lavfi -i color=blue:size=160x180 -filter_complex hstack';
  const isBlue = ([r, g, b]: number[]): boolean => r! < 16 && g! < 16 && b! > 240;

  test('with pixels that are not square', async () => {
    ffmpeg(`-f lavfi -i color=red:size=720x576 -vf setsar=64/45 ${encode} ${clip('anamorphic')}`);
    ffmpeg(`-f lavfi -i color=red:size=640x360 -vf setsar=1/1000 ${encode} ${clip('absurd')}`);
    const frames = await scaleFirst(letterbox, clip('anamorphic'), clip('absurd'));
    expect(frames.map((frame) => [frame.contentWidth, frame.contentHeight])).toEqual([
      [416, 234],
      [416, 234],
    ]);
  });

  test('turned upright', async () => {
    ffmpeg(`${halves} ${encode} ${clip('halves')}`);
    for (const rotate of [90, 180, 270]) {
      const bsf = `h264_metadata=display_orientation=insert:rotate=${rotate}`;
      ffmpeg(`-i ${clip('halves')} -c copy -bsf:v ${bsf} ${clip(`halves-${rotate}`)}`);
    }
    const [upright, left, over, right] = await scaleFirst(
      letterbox,
      ...[clip('halves'), clip('halves-90'), clip('halves-180'), clip('halves-270')],
    );
    expect([left!.contentWidth, left!.contentHeight]).toEqual([upright!.contentHeight, upright!.contentWidth]);
    // The SEI turns anticlockwise: what was on the left is at the bottom then.
    expect(isRed(pixel(upright!, 10, 10)) && isBlue(pixel(upright!, 400, 10))).toBe(true);
    expect(isBlue(pixel(left!, 10, 10)) && isRed(pixel(left!, 10, 400))).toBe(true);
    expect(isBlue(pixel(over!, 10, 10)) && isRed(pixel(over!, 400, 10))).toBe(true);
    expect(isRed(pixel(right!, 10, 10)) && isBlue(pixel(right!, 10, 400))).toBe(true);
  });

  test('by the field of its own moment where two are woven', async () => {
    // One field is red, the other blue: a picture of both would be violet.
    const colours = '-f lavfi -i color=red:size=640x360 -f lavfi -i color=blue:size=640x360 -filter_complex';
    for (const order of ['tff', 'bff']) {
      const weave = `[0][1]interleave,tinterlace=interleave_top,format=yuv420p,setfield=${order}`;
      ffmpeg(`${colours} ${weave} -frames:v 1 -flags +ilme+ildct -c:v libx264 -qp 1 -pix_fmt yuv420p ${clip(order)}`);
    }
    const [top, bottom] = await scaleFirst(letterbox, clip('tff'), clip('bff'));
    const redder = ([r, , b]: number[]): number => r! - b!;
    expect(redder(pixel(top!, 200, 100))).toBeGreaterThan(150);
    expect(redder(pixel(bottom!, 200, 100))).toBeLessThan(-150);
  });

  test('through every change on the way, by one scaler', async () => {
    ffmpeg(`-f lavfi -i color=red:size=641x361 -frames:v 2 -c:v libx264 -qp 1 -pix_fmt yuv444p10le ${clip('odd')}`);
    ffmpeg(`-f lavfi -i color=white:size=640x360 -frames:v 2 -c:v libx264 -qp 1 -pix_fmt gray ${clip('grey')}`);
    const names = ['landscape', 'tff', 'anamorphic', 'halves-90', 'odd', 'grey', 'landscape'];
    const frames = await scaleFirst(letterbox, ...names.map(clip));
    expect(isRed(pixel(frames[4]!, 200, 100))).toBe(true);
    expect(pixel(frames[5]!, 200, 100).every((level) => level > 250)).toBe(true);
    expect(Buffer.compare(frames[0]!.pixels, frames[6]!.pixels)).toBe(0);
  });
});
