import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CodedSample, Track } from '@media-analyzer/protocol';
import { readFragments, readInitSegment, toCodedSamples } from '../../fmp4/index.js';

const run = promisify(execFile);

/** A clip as a publisher would send it: tracks, and samples in decode order with times in whole milliseconds. */
export interface Clip {
  readonly tracks: readonly Track[];
  readonly samples: readonly CodedSample[];
}

/** Runs a tool of FFmpeg and returns what it printed. */
export async function ffmpegTool(
  tool: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  return run(tool, [...args], { maxBuffer: 64 * 1024 * 1024 });
}

/**
 * Encodes a clip with the ffmpeg command line and reads it back with this package's own reader.
 *
 * @param args Inputs and codec options of ffmpeg.
 * @param options `exact` keeps the file's times; otherwise they are rounded to whole ms, as RTMP does.
 */
export async function encodeClip(args: readonly string[], options: { readonly exact?: boolean } = {}): Promise<Clip> {
  const folder = await mkdtemp(join(tmpdir(), 'media-clip-'));
  try {
    const file = join(folder, 'clip.mp4');
    const container = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-strict', '-2', '-f', 'mp4', file];
    await ffmpegTool('ffmpeg', ['-v', 'error', '-y', ...args, ...container]);
    return clipFromBytes(await readFile(file), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function clipFromBytes(bytes: Uint8Array, options: { readonly exact?: boolean } = {}): Clip {
  const init = readInitSegment(bytes);
  const samples = toCodedSamples(init, readFragments(init, bytes));
  const round = options.exact ? (ms: number) => ms : Math.round;
  return {
    tracks: init.tracks.map(({ track }) => track),
    samples: samples.map((sample) => ({ ...sample, ptsMs: round(sample.ptsMs), dtsMs: round(sample.dtsMs) })),
  };
}

/** Test pictures of a size and rate with a sine tone, as ffmpeg inputs. */
export function testInputs(
  options: {
    readonly size?: string;
    readonly rate?: string;
    readonly seconds?: number;
    readonly audio?: string | null;
  } = {},
): string[] {
  const { size = '320x180', rate = '30', seconds = 6, audio = 'r=48000' } = options;
  const video = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
  return audio === null ? video : [...video, '-f', 'lavfi', '-i', `sine=${audio}:d=${seconds}`];
}

/** libx264 options with a fixed keyframe interval in frames. */
export function x264(keyframeInterval: number, ...more: readonly string[]): string[] {
  const gop = String(keyframeInterval);
  return [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-g',
    gop,
    '-keyint_min',
    gop,
    '-sc_threshold',
    '0',
    ...more,
  ];
}
