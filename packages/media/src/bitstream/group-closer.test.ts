import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CodedSample, VideoTrack } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ffmpeg, scratchFolder } from '../testing/media.js';
import { GroupCloser } from './group-closer.js';
import { annexB, assemble, type Bitstream, encode, messagesOf, unitsOf } from './testing/published.js';

const FOLDER = scratchFolder();
const OPEN = 'open-gop=1:keyint=20:min-keyint=20:scenecut=0';
const moving = { seconds: 5, filter: 'rotate=t/3' };

describe('an open group that is closed', () => {
  it.each([
    ['pictures that B-pictures refer to', `-bf 3 -x264-params ${OPEN}:b-pyramid=normal:ref=4`],
    ['long runs of B-pictures', `-bf 7 -x264-params ${OPEN}:b-adapt=0:ref=8`],
    ['the arithmetic of CAVLC', `-bf 3 -x264-params ${OPEN}:cabac=0`],
    ['several slices and weights', `-bf 2 -x264-params ${OPEN}:slices=4:weightp=2:weightb=1:b-pyramid=strict`],
    ['fields in a frame', `-bf 3 -flags +ildct+ilme -x264-params ${OPEN}:tff=1`],
    ['one reference only', `-bf 1 -x264-params ${OPEN}:ref=1`],
  ])('decodes from each keyframe on, to the same pictures: %s', async (_what, options) => {
    const bitstream = await encode({ ...moving, codec: `-c:v libx264 -preset veryfast ${options}` });
    const whole = decode(bitstream.track, bitstream.samples);
    expect(whole).toHaveLength(bitstream.samples.length);
    const order = bitstream.samples.map(({ ptsMs }) => ptsMs).sort((a, b) => a - b);

    const { samples, closed } = close(bitstream);
    expect(closed.length).toBeGreaterThan(3);
    for (const keyframe of closed) {
      const kept = samples.slice(samples.indexOf(keyframe));
      const times = kept.map(({ ptsMs }) => ptsMs).sort((a, b) => a - b);
      expect(decode(bitstream.track, kept)).toEqual(times.map((ptsMs) => whole[order.indexOf(ptsMs)]));
    }
  });

  it('is left open where a slice cannot be read', async () => {
    const { track, samples } = await encode({
      ...moving,
      codec: `-c:v libx264 -preset veryfast -bf 2 -x264-params ${OPEN}`,
    });
    const closer = new GroupCloser();
    const keyframe = samples.findLast((sample) => sample.keyframe)!.data;
    expect(closer.close(keyframe)).toBeNull();
    closer.configure(track);
    expect(closer.close(keyframe)).not.toBeNull();
    const broken = Uint8Array.from(keyframe);
    broken.fill(0, broken.length - unitsOf(keyframe).at(-1)!.length + 1);
    expect(closer.close(broken)).toBeNull();
    expect(closer.follow(samples.at(-1)!.data)).toBe(samples.at(-1)!.data);
  });

  it('never breaks on pictures that are broken', async () => {
    const { track, samples } = await encode({
      ...moving,
      codec: `-c:v libx264 -preset veryfast -bf 2 -x264-params ${OPEN}`,
    });
    const keyframe = samples.findLast((sample) => sample.keyframe)!.data;
    const damage = fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(samples.length - 1), fc.boolean(), (changes, index, begins) => {
        const closer = new GroupCloser();
        closer.configure(track);
        closer.close(keyframe);
        const broken = Uint8Array.from(samples[index]!.data);
        for (const [at, value] of changes) if (at < broken.length) broken[at] = value;
        const written = begins ? closer.close(broken) : closer.follow(broken);
        expect(written === null || written.length > 0).toBe(true);
        expect(closer.follow(samples.at(-1)!.data).length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('ends where the encoder closes one itself', async () => {
    const { track, samples } = await encode({
      ...moving,
      codec: `-c:v libx264 -preset veryfast -bf 2 -x264-params ${OPEN}`,
    });
    const closer = new GroupCloser();
    closer.configure(track);
    const [idr, next] = samples;
    expect(closer.close(samples.findLast((sample) => sample.keyframe)!.data)).not.toBeNull();
    expect(closer.follow(idr!.data)).toBe(idr!.data);
    expect(closer.follow(next!.data)).toBe(next!.data);
  });
});

/** Closes all open groups of a stream, as segments that begin with each of their keyframes need it. */
function close({ track, samples: sent }: Bitstream): { samples: CodedSample[]; closed: CodedSample[] } {
  const { samples } = assemble('h264', [track.configuration, ...messagesOf(sent)]);
  const closer = new GroupCloser();
  closer.configure(track);
  const closed: CodedSample[] = [];
  const out = samples
    .filter(({ leading }) => !leading)
    .map((sample) => {
      if (sample.entry !== 'open') return { ...sample, data: closer.follow(sample.data) };
      const keyframe = { ...sample, data: closer.close(sample.data) ?? expect.fail('it was not closed') };
      closed.push(keyframe);
      return keyframe;
    });
  return { samples: out, closed };
}

/** Decodes strictly: any error fails. @returns a hash of each picture, in the order in which they are shown */
function decode(track: VideoTrack, samples: readonly CodedSample[]): string[] {
  const [file, hashes] = ['h264', 'txt'].map((ending) => path.join(FOLDER, `stream.${ending}`)) as [string, string];
  const units = [...setsOf(track.configuration), ...samples.flatMap(({ data }) => unitsOf(data))];
  writeFileSync(file, annexB(units));
  ffmpeg(`-xerror -err_detect explode -i ${file} -vsync passthrough -f framemd5 ${hashes}`);
  const lines = readFileSync(hashes, 'utf8').split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)!.trim());
}

/** The units of an AVCDecoderConfigurationRecord. */
function setsOf(record: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    for (let left = record[at++]! & mask; left > 0; left -= 1) {
      const length = (record[at]! << 8) | record[at + 1]!;
      units.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return units;
}
