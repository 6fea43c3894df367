import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CodedSample, Track } from '@media-analyzer/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { ffmpeg, realClips, scratchFolder } from '../testing/media.js';
import { isSample, probeFile, readCodedSamples, transcodeToCodedSamples } from './index.js';

const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);
const withAudio = realClips((media) => media.video_codec === 'h264' && media.audio_codec === 'aac')[0]!;

async function collect(items: AsyncIterable<readonly Track[] | CodedSample>) {
  const tracks: Track[] = [];
  const samples: CodedSample[] = [];
  for await (const item of items) {
    if (isSample(item)) samples.push(item);
    else tracks.push(...item);
  }
  const of = (kind: 'video' | 'audio'): CodedSample[] => samples.filter((sample) => sample.kind === kind);
  return { tracks, samples, video: of('video'), audio: of('audio') };
}

const read = (file: string) => collect(readCodedSamples(file));
const distances = (samples: readonly CodedSample[]): number[] =>
  samples.map((sample) => Math.round(sample.ptsMs - samples[0]!.ptsMs));

beforeAll(() => {
  for (const extension of ['mp4', 'mkv', 'flv', 'ts'])
    ffmpeg(`-t 4 -i ${withAudio} -c copy ${at(`copy.${extension}`)}`);
  ffmpeg(`-t 2 -i ${withAudio} -c:v libx265 -x265-params log-level=none -c:a libopus ${at('hevc.mkv')}`);
  ffmpeg(`-t 2 -i ${withAudio} -c:v libx265 -x265-params log-level=none -c:a aac ${at('hevc.ts')}`);
  ffmpeg(`-t 2 -i ${withAudio} -c:v mpeg4 -c:a mp3 ${at('old.avi')}`);
  ffmpeg(`-t 2 -i ${withAudio} -an -c:v libx264 -bf 2 ${at('raw.h264')}`);
  writeFileSync(at('text.mp4'), 'this is no film');
});

describe('the same stream gives the same samples from every container', () => {
  test.each(['mkv', 'flv', 'ts'])('mp4 and %s', async (extension) => {
    const reference = await read(at('copy.mp4'));
    const other = await read(at(`copy.${extension}`));
    expect(other.tracks.map(({ kind, codec, codecString }) => ({ kind, codec, codecString }))).toEqual(
      reference.tracks.map(({ kind, codec, codecString }) => ({ kind, codec, codecString })),
    );
    expect(other.video).toHaveLength(reference.video.length);
    expect(other.video.map((sample) => sample.keyframe)).toEqual(reference.video.map((sample) => sample.keyframe));
    const [ours, theirs] = [distances(other.video), distances(reference.video)];
    for (const [index, time] of ours.entries()) expect(Math.abs(time - theirs[index]!)).toBeLessThanOrEqual(1);
    expect(Buffer.compare(other.audio[5]!.data, reference.audio[5]!.data)).toBe(0);
    if (extension !== 'ts') {
      for (const [index, sample] of other.video.entries())
        expect(Buffer.compare(sample.data, reference.video[index]!.data)).toBe(0);
    }
  });
});

test.each(['copy.mp4', 'copy.ts', 'hevc.ts', 'hevc.mkv'])(
  'samples of %s hold whole length-prefixed units',
  async (name) => {
    const { video } = await read(at(name));
    expect(video.length).toBeGreaterThan(20);
    for (const { data } of video) {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      let position = 0;
      while (position + 4 <= data.length) position += 4 + view.getUint32(position);
      expect(position).toBe(data.length);
    }
  },
);

test.each(['copy.mp4', 'copy.mkv', 'copy.ts', 'hevc.mkv'])(
  'decode times of %s begin at 0 and never fall',
  async (name) => {
    const { samples, video } = await read(at(name));
    expect(Math.min(...samples.map((sample) => sample.dtsMs))).toBe(0);
    for (const [index, sample] of video.entries()) {
      expect(sample.ptsMs).toBeGreaterThanOrEqual(sample.dtsMs);
      if (index > 0) expect(sample.dtsMs).toBeGreaterThan(video[index - 1]!.dtsMs);
    }
  },
);

test('HEVC and Opus are carried', async () => {
  const { tracks } = await probeFile(at('hevc.mkv'));
  expect(tracks.map((track) => track.codec)).toEqual(['hevc', 'opus']);
});

test('what cannot be carried is named, and reading it as it is fails', async () => {
  expect(await probeFile(at('old.avi'))).toMatchObject({
    tracks: [],
    unsupported: [
      { kind: 'video', codec: 'mpeg4' },
      { kind: 'audio', codec: 'mp3float' },
    ],
  });
  await expect(read(at('old.avi'))).rejects.toMatchObject({ code: 'media_unreadable' });
});

test.each(['text.mp4', 'missing.mp4'])('%s is media_unreadable', async (name) => {
  await expect(probeFile(at(name))).rejects.toMatchObject({ code: 'media_unreadable' });
  await expect(collect(transcodeToCodedSamples(at(name)))).rejects.toMatchObject({ code: 'media_unreadable' });
});

test('a reader that stops early closes the file', async () => {
  let count = 0;
  for await (const item of readCodedSamples(at('copy.mp4'))) {
    if (isSample(item)) count += 1;
    if (count === 3) break;
  }
  expect(count).toBe(3);
});

describe('transcoding', () => {
  test('gives the asked size, rate, keyframe distance and B-frames', async () => {
    const video = { height: 180, fps: 20, keyframeIntervalMs: 500, bframes: 2 };
    const result = await collect(transcodeToCodedSamples(at('old.avi'), { video }));
    const [videoTrack, audioTrack] = result.tracks;
    expect(videoTrack).toMatchObject({ kind: 'video', codec: 'h264', height: 180, frameRate: 20 });
    expect(audioTrack).toMatchObject({ kind: 'audio', codec: 'aac', sampleRate: 48_000, channels: 2 });
    const keyframes = result.video.filter((sample) => sample.keyframe);
    expect(keyframes.slice(0, 3).map((sample) => Math.round(sample.dtsMs - keyframes[0]!.dtsMs))).toEqual([
      0, 500, 1000,
    ]);
    expect(result.video.some((sample) => sample.ptsMs - sample.dtsMs > 60)).toBe(true);
    expect(result.samples[0]!.dtsMs).toBe(0);
    for (const [index, sample] of result.samples.entries()) {
      if (index > 0) expect(sample.dtsMs).toBeGreaterThanOrEqual(result.samples[index - 1]!.dtsMs);
    }
    const length = (samples: readonly CodedSample[]): number => samples.at(-1)!.ptsMs - samples[0]!.ptsMs;
    expect(length(result.video)).toBeGreaterThan(1_800);
    expect(Math.abs(length(result.video) - length(result.audio))).toBeLessThan(150);
  });

  test('can leave the audio out, and gives raw files times', async () => {
    const { tracks, video } = await collect(transcodeToCodedSamples(at('raw.h264'), { audio: null }));
    expect(tracks.map((track) => track.kind)).toEqual(['video']);
    const times = video.map((sample) => sample.ptsMs).sort((a, b) => a - b);
    expect(new Set(times.slice(1).map((time, index) => Math.round(time - times[index]!))).size).toBe(1);
  });
});
