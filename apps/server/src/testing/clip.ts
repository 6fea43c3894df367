/** A short real clip, made with ffmpeg and read as a publisher would send it. For tests. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { isSample, readCodedSamples } from '@media-analyzer/media/codec';
import type { CodedSample, Track } from '@media-analyzer/protocol';

const run = promisify(execFile);

/** Tracks, and samples in decode order, from about 0 ms. */
export interface Clip {
  readonly tracks: readonly Track[];
  readonly samples: readonly CodedSample[];
}

/** H.264 with a keyframe each second, and AAC. */
export async function makeClip({ size = '320x180', seconds = 6 } = {}): Promise<Clip> {
  const folder = await mkdtemp(path.join(tmpdir(), 'media-analyzer-clip-'));
  try {
    const file = path.join(folder, 'clip.mp4');
    const inputs = `-f lavfi -i testsrc2=size=${size}:rate=30:d=${seconds} -f lavfi -i sine=r=48000:d=${seconds}`;
    const codecs = '-c:v libx264 -preset ultrafast -g 30 -keyint_min 30 -sc_threshold 0 -pix_fmt yuv420p -c:a aac';
    await run('ffmpeg', ['-v', 'error', '-y', ...`${inputs} ${codecs}`.split(' '), file]);
    return await readClip(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The tracks and samples of a file. */
export async function readClip(file: string): Promise<Clip> {
  const tracks: Track[] = [];
  const samples: CodedSample[] = [];
  for await (const item of readCodedSamples(file)) {
    if (isSample(item)) samples.push(item);
    else tracks.push(...item);
  }
  return { tracks, samples: samples.sort((a, b) => a.dtsMs - b.dtsMs) };
}
