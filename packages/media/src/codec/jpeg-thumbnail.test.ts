import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readVideo, realClips, scratchFolder } from '../testing/media.js';
import { JpegThumbnail, VideoDecoder } from './index.js';

const folder = scratchFolder();

async function thumbnails(thumbnail: JpegThumbnail, file: string, count: number): Promise<Uint8Array[]> {
  const { track, samples } = await readVideo(file);
  const decoder = await VideoDecoder.open(track);
  const jpegs: Uint8Array[] = [];
  for (const sample of samples.slice(0, 60)) {
    await decoder.decode(sample, async (frame) => {
      if (jpegs.length < count) jpegs.push(await thumbnail.encode(frame));
    });
  }
  await decoder.close();
  return jpegs;
}

function probe(jpeg: Uint8Array): string {
  const file = path.join(folder, 'thumbnail.jpg');
  writeFileSync(file, jpeg);
  const entries = ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'];
  return execFileSync('ffprobe', ['-v', 'error', ...entries, file])
    .toString()
    .trim();
}

const clips = realClips((media) => media.video_codec === 'h264' && Number(media.nb_frames) < 400);

test('thumbnails of a stream are JPEG pictures of the asked width and the picture’s aspect, one after the other', async () => {
  const thumbnail = new JpegThumbnail(320);
  const { track } = await readVideo(clips[0]!);
  const height = Math.round((320 * track.height) / track.width / 2) * 2;
  const jpegs = await thumbnails(thumbnail, clips[0]!, 3);
  thumbnail.close();
  expect(jpegs).toHaveLength(3);
  for (const jpeg of jpegs) expect(probe(jpeg)).toBe(`mjpeg,320,${height}`);
});

test('the same encoder takes pictures of another size', async () => {
  const thumbnail = new JpegThumbnail(161);
  const sizes: string[] = [];
  for (const clip of clips.slice(0, 3)) sizes.push(probe((await thumbnails(thumbnail, clip, 1))[0]!));
  thumbnail.close();
  for (const size of sizes) expect(size).toMatch(/^mjpeg,162,\d+$/);
});
