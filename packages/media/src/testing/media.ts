/** Real and made-up media for tests. Not part of any build output that ships: only tests import it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CodedSample, VideoTrack } from '@media-analyzer/protocol';
import { isSample, readCodedSamples } from '../codec/index.js';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDER = process.env.TEST_MEDIA ?? path.join(REPOSITORY, '../shared/media');

interface ManifestItem {
  readonly file: string;
  readonly kind: string;
  readonly bytes: number;
  readonly media?: {
    readonly video_codec?: string;
    readonly audio_codec?: string;
    readonly height?: number;
    readonly nb_frames?: string;
  };
}

/** Absolute paths of the real clips that fit, smallest first. Fails when there is none: a missing clip is no passed test. */
export function realClips(fits: (media: NonNullable<ManifestItem['media']>) => boolean): string[] {
  const manifest = JSON.parse(readFileSync(path.join(FOLDER, 'MANIFEST.json'), 'utf8')) as { items: ManifestItem[] };
  const clips = manifest.items
    .filter((item) => item.kind === 'video' && item.media && fits(item.media))
    .sort((a, b) => a.bytes - b.bytes)
    .map((item) => path.join(FOLDER, item.file));
  if (clips.length === 0) throw new Error(`the test media in ${FOLDER} have no such clip`);
  return clips;
}

/** A folder for the files of one test run. */
export function scratchFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'media-test-'));
}

/** Runs ffmpeg with arguments as one would type them; none may hold a space. */
export function ffmpeg(args: string): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args.split(' ')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Presentation times of all pictures of an MP4 file as ffprobe decodes them, ms, in order; those an edit list hides too. */
export function probedPts(file: string): number[] {
  const out = execFileSync('ffprobe', [
    ...[
      '-v',
      'error',
      '-ignore_editlist',
      '1',
      '-select_streams',
      'v:0',
      '-show_entries',
      'frame=best_effort_timestamp_time',
    ],
    ...['-of', 'csv=p=0', file],
  ]);
  return out
    .toString()
    .split('\n')
    .map((line) => line.replace(/,.*$/, ''))
    .filter((line) => line !== '')
    .map((line) => Number(line) * 1000);
}

/** The video track of a file and all its samples. */
export async function readVideo(file: string): Promise<{ track: VideoTrack; samples: CodedSample[] }> {
  let track: VideoTrack | undefined;
  const samples: CodedSample[] = [];
  for await (const item of readCodedSamples(file)) {
    if (!isSample(item)) track = item.find((one): one is VideoTrack => one.kind === 'video');
    else if (item.kind === 'video') samples.push(item);
  }
  if (!track) throw new Error(`${file} has no video that can be carried`);
  return { track, samples };
}
