import { describe, expect, it } from 'vitest';
import {
  annexB,
  assemble,
  type Bitstream,
  encode,
  framed,
  messagesOf,
  unitsOf,
  withData,
} from './testing/published.js';
import type { VideoMessage } from './video-assembler.js';

const H264 = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -x264-params scenecut=0';
const HEVC = '-c:v libx265 -preset ultrafast -g 10 -bf 0 -x265-params log-level=none:scenecut=0:open-gop=0';
const GOP = 10;
const SIZES = { wide: [320, 180], tall: [180, 320] } as const;

const wide = () => encode({ codec: H264 });
const tall = () => encode({ size: '180x320', codec: `${H264}:sps-id=1` });
const sizes = ({ tracks }: { tracks: readonly { width: number; height: number }[] }) =>
  tracks.map(({ width, height }) => [width, height]);

describe('two sequence parameter sets side by side', () => {
  it('in one header: players are told of the one that each keyframe refers to', async () => {
    const [one, other] = [await wide(), await tall()];
    const header = both(one.track.configuration, other.track.configuration);
    const messages = [one, other, one, other].flatMap((of, k) => gop(of, k));
    const outcome = assemble('h264', [header, ...messages]);
    expect(sizes(outcome)).toEqual([SIZES.wide, SIZES.tall, SIZES.wide, SIZES.tall]);
    expect(outcome.trackAt).toEqual([0, 10, 20, 30]);
  });

  it('and the first picture takes the second one', async () => {
    const [one, other] = [await wide(), await tall()];
    const outcome = assemble('h264', [both(one.track.configuration, other.track.configuration), ...gop(other, 0)]);
    expect(sizes(outcome).at(-1)).toEqual(SIZES.tall);
    expect(outcome.trackAt.at(-1)).toBe(0);
  });

  it('one in the header, the other one in band with its first keyframe', async () => {
    const [one, other] = [await wide(), await tall()];
    const [first, ...rest] = gop(other, 1);
    const sets = setsOf(other.track.configuration);
    const outcome = assemble('h264', [
      one.track.configuration,
      ...gop(one, 0),
      withData(first!, framed([...sets, ...unitsOf(first!.data)])),
      ...rest,
      ...gop(one, 2),
      ...gop(other, 3),
    ]);
    expect(sizes(outcome)).toEqual([SIZES.wide, SIZES.tall, SIZES.wide, SIZES.tall]);
  });
});

describe('a parameter set that changes where decoding cannot start', () => {
  it('is told with the next keyframe, and the pictures in between are passed on', async () => {
    const one = await wide();
    const other = await encode({ size: '180x320', codec: H264 });
    const messages = gop(one, 0).map((message, i) =>
      i === 5 ? withData(message, framed([...setsOf(other.track.configuration), ...unitsOf(message.data)])) : message,
    );
    const outcome = assemble('h264', [one.track.configuration, ...messages, ...gop(other, 1)]);
    expect(sizes(outcome)).toEqual([SIZES.wide, SIZES.tall]);
    expect(outcome.trackAt).toEqual([0, GOP]);
    expect(outcome.samples).toHaveLength(2 * GOP);
    expect(outcome.samples.filter(({ keyframe }) => keyframe)).toHaveLength(2);
  });
});

describe('framing that changes in the middle', () => {
  it.each([
    ['h264', H264],
    ['hevc', HEVC],
  ] as const)('of %s, from lengths to start codes and back, makes no difference', async (codec, options) => {
    const { track, samples } = await encode({ codec: options });
    const messages = messagesOf(samples).map((message, i) =>
      i >= 15 && i < 35 ? withData(message, annexB(unitsOf(message.data), i % 2 === 0)) : message,
    );
    const outcome = assemble(codec, [track.configuration, ...messages]);
    expect(outcome.tracks).toHaveLength(1);
    expect(outcome.dropped).toEqual([]);
    // Zeros at the end of a unit are no part of it between start codes.
    expect(outcome.samples.map(({ data }) => unitsOf(data).map(trimmed))).toEqual(
      samples.map(({ data }) => unitsOf(data).map(trimmed)),
    );
    expect(outcome.samples.map(({ keyframe }) => keyframe)).toEqual(samples.map(({ keyframe }) => keyframe));
  });
});

/** The first group of pictures of a bitstream, as the k-th one of a stream. */
function gop({ samples }: Bitstream, k: number): VideoMessage[] {
  const shiftMs = k * GOP * 40;
  return messagesOf(samples.slice(0, GOP)).map((message) => ({
    ...message,
    dtsMs: message.dtsMs + shiftMs,
    ptsMs: message.ptsMs + shiftMs,
  }));
}

/** SPS and PPS of an `avcC` record that has one of each. */
function setsOf(record: Uint8Array): [Uint8Array, Uint8Array] {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const sps = 8 + view.getUint16(6);
  const pps = sps + 3 + view.getUint16(sps + 1);
  return [record.subarray(8, sps), record.subarray(sps + 3, pps)];
}

/** An `avcC` record with the sets of two. */
function both(first: Uint8Array, second: Uint8Array): Uint8Array {
  const [a, b] = [setsOf(first), setsOf(second)];
  const head = [...first.subarray(0, 5), 0xe0 | 2];
  return Uint8Array.from([...head, ...framed([a[0], b[0]], 2), 2, ...framed([a[1], b[1]], 2)]);
}

function trimmed(unit: Uint8Array): string {
  return Buffer.from(unit)
    .toString('hex')
    .replace(/(00)+$/, '');
}
