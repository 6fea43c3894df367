import type { VideoCodec } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { withLengths } from './nal-framing.js';
import {
  annexB,
  assemble,
  change,
  content,
  encode,
  framed,
  messagesOf,
  unitsOf,
  withData,
} from './testing/published.js';

const H264 = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -x264-params scenecut=0';
const AV1 = '-c:v libaom-av1 -cpu-used 8 -g 10 -lag-in-frames 0';

const h264 = (count: number, ...bytes: number[]) => Array.from({ length: count }, () => Uint8Array.from(bytes));
const av1 = (count: number, ...bytes: number[]) => Uint8Array.from(Array.from({ length: count }, () => bytes).flat());

describe('a message of more than anybody sends is broken, and nothing of it is kept', () => {
  it.each<[string, VideoCodec, Uint8Array]>([
    ['units of no length', 'h264', new Uint8Array(1024 * 1024)],
    ['units of one byte', 'h264', framed(h264(50_000, 0x41))],
    ['units between start codes', 'h264', annexB(h264(50_000, 0x41, 0x9a))],
    ['pictures', 'h264', framed(h264(2000, 0x41, 0x9a))],
    ['units', 'av1', av1(25_000, 0x32, 0)],
    ['pictures', 'av1', av1(2000, 0x12, 0, 0x32, 1, 0x30)],
  ])('%s of %s', async (_what, codec, data) => {
    const { track, samples } = await encode({ seconds: 1, codec: codec === 'av1' ? AV1 : H264 });
    const messages = change(messagesOf(samples), (message, i) =>
      i === 5 ? [withData({ ...message, claimed: false }, data), message] : [message],
    );
    const outcome = assemble(codec, [track.configuration, ...messages]);
    expect(outcome.dropped).toEqual(['broken']);
    expect(content(outcome)).toEqual(content({ samples }));
  });
});

it('a picture in ever more pieces of one time ends at the largest size of a picture', async () => {
  const { track, samples } = await encode({ codec: `${H264}:slices=4` });
  const [message] = messagesOf(samples);
  const [first, second] = unitsOf(message!.data).filter((unit) => [1, 5].includes(unit[0]! & 0x1f));
  const long = new Uint8Array(1024 * 1024);
  long.set(second!);
  const piece = withData({ ...message!, claimed: false }, withLengths([long]));
  const pieces = Array.from({ length: 20 }, () => piece);
  const outcome = assemble('h264', [track.configuration, withData(message!, framed([first!])), ...pieces]);
  expect(outcome.samples).toHaveLength(1);
  expect(outcome.samples[0]!.data.length).toBeGreaterThan(7 * 1024 * 1024);
  expect(outcome.samples[0]!.data.length).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(outcome.dropped).toEqual(Array.from({ length: 13 }, () => 'incomplete'));
});
