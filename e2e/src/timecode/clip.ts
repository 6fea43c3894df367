import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { Child, describeEnd } from '../harness/child.js';
import { CLIP_CACHE } from '../harness/paths.js';
import { findProgram } from '../harness/programs.js';
import { CELLS, encodeCells, STRIP_SHARE } from './code.js';

/** What a clip with a timecode is made of. */
export interface TimecodeClip {
  /** Real video behind the strip: one after the other, equally long, each repeated when it is shorter. */
  readonly sources: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Frames per second as a fraction of two whole numbers: `[30000, 1001]`. */
  readonly frameRate: readonly [number, number];
  readonly seconds: number;
  /** Frames between keyframes. */
  readonly keyframeInterval: number;
  /** Consecutive B-frames; 0 for none. */
  readonly bFrames: number;
  /** bit/s of the video. */
  readonly bitrate: number;
  readonly preset?: string;
}

/** Frames per second as a number. */
export const framesPerSecond = ([numerator, denominator]: readonly [number, number]): number => numerator / denominator;

/** Clips that this process makes, by file: tests that run side by side want the same one. */
const inTheMaking = new Map<string, Promise<string>>();

/**
 * Makes a clip whose frame n (counted in presentation order, presented at n / frame rate seconds) shows the timecode n,
 * with a tone as sound. Made once: the file is named after all that it depends on.
 *
 * @returns Its path.
 */
export async function makeTimecodeClip(clip: TimecodeClip): Promise<string> {
  const versions = clip.sources.map((source) => statSync(source).mtimeMs);
  const key = createHash('sha256')
    .update(JSON.stringify([2, clip, versions]))
    .digest('hex')
    .slice(0, 12);
  const file = path.join(CLIP_CACHE, `timecode-${clip.width}x${clip.height}-${key}.mp4`);
  if (existsSync(file)) return file;
  const making = inTheMaking.get(file) ?? encodeClip(clip, file);
  inTheMaking.set(file, making);
  return making;
}

async function encodeClip(clip: TimecodeClip, file: string): Promise<string> {
  await mkdir(CLIP_CACHE, { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp.mp4`;
  const encoder = new Child('ffmpeg', findProgram('ffmpeg'), encoderArguments(clip, unfinished), {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const frames = Math.round(clip.seconds * framesPerSecond(clip.frameRate));
  // The encoder may end first when it fails; its own words are then the better error.
  encoder.stdin.on('error', () => {});
  for (let frame = 0; frame < frames && encoder.running; frame++) {
    if (!encoder.stdin.write(encodeCells(frame))) await Promise.race([once(encoder.stdin, 'drain'), encoder.ended]);
  }
  encoder.stdin.end();
  const end = await encoder.ended;
  if (end.code !== 0) throw new Error(`the timecode clip was not made (${describeEnd(end)}):\n${encoder.tail()}`);
  await rename(unfinished, file);
  return file;
}

function encoderArguments(clip: TimecodeClip, file: string): string[] {
  const rate = clip.frameRate.join('/');
  const stripHeight = Math.round((clip.height * STRIP_SHARE) / 2) * 2;
  const size = `${clip.width}:${clip.height}`;
  // Whole pictures with borders, as an encoder's canvas has them: cropping would cut the heads off portrait video.
  const fit = `fps=${rate},scale=${size}:force_original_aspect_ratio=decrease,pad=${size}:-1:-1,setsar=1,format=yuv420p`;
  const secondsEach = String(clip.seconds / clip.sources.length);
  const pictures = clip.sources.map((_, i) => `[${i + 2}:v]${fit}[p${i}]`);
  const inRow = clip.sources.map((_, i) => `[p${i}]`).join('');
  return [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${CELLS}x1`, '-r', rate, '-i', 'pipe:0'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
    ...clip.sources.flatMap((source) => ['-stream_loop', '-1', '-t', secondsEach, '-i', source]),
    '-filter_complex',
    [
      `[0:v]scale=${clip.width}:${stripHeight}:flags=neighbor[strip]`,
      ...pictures,
      // There are as many strips as frames are wanted; the last picture stands for what rounding took away.
      `${inRow}concat=n=${clip.sources.length},fps=${rate},tpad=stop_mode=clone:stop_duration=1[picture]`,
      '[picture][strip]overlay=0:0:shortest=1,format=yuv420p[v]',
    ].join(';'),
    ...['-map', '[v]', '-map', '1:a', '-t', String(clip.seconds)],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      clip.preset ?? 'veryfast',
      '-bf',
      String(clip.bFrames),
      '-b:v',
      String(clip.bitrate),
    ],
    ...['-maxrate', String(clip.bitrate), '-bufsize', String(clip.bitrate)],
    ...['-g', String(clip.keyframeInterval), '-keyint_min', String(clip.keyframeInterval), '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-b:a', '96k', '-movflags', '+faststart', file],
  ];
}
