import { describe, expect, it } from 'vitest';
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

describe('H.264', () => {
  const H264 = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -x264-params scenecut=0';
  const pictures = () => encode({ codec: H264 });
  const sliced = () => encode({ codec: `${H264}:slices=4` });

  it.each([
    ['of no length', () => new Uint8Array(1024 * 1024)],
    ['of one byte', () => framed(Array.from({ length: 50_000 }, () => Uint8Array.of(0x41)))],
    ['that all begin a picture', () => framed(Array.from({ length: 2000 }, () => Uint8Array.of(0x41, 0x9a)))],
    ['between start codes', () => annexB(Array.from({ length: 50_000 }, () => Uint8Array.of(0x41, 0x9a)))],
  ])('more units than anybody sends, %s, are a broken message, and nothing of it is kept', async (_what, data) => {
    const { track, samples } = await pictures();
    const messages = change(messagesOf(samples), (message, i) =>
      i === 5 ? [withData({ ...message, claimed: false }, data()), message] : [message],
    );
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.dropped).toEqual(['broken']);
    expect(content(outcome)).toEqual(content({ samples }));
  });

  it('a picture in ever more pieces of one time ends at the largest size of a picture', async () => {
    const { track, samples } = await sliced();
    const [message] = messagesOf(samples);
    const [first, second] = unitsOf(message!.data).filter((unit) => [1, 5].includes(unit[0]! & 0x1f));
    const piece = framed([second!]);
    const long = new Uint8Array(1024 * 1024 + 4);
    new DataView(long.buffer).setUint32(0, long.length - 4);
    long.set(piece.subarray(4), 4);
    const pieces = Array.from({ length: 20 }, () => withData({ ...message!, claimed: false }, long));
    const outcome = assemble('h264', [track.configuration, withData(message!, framed([first!])), ...pieces]);
    expect(outcome.samples).toHaveLength(1);
    expect(outcome.samples[0]!.data.length).toBeGreaterThan(7 * 1024 * 1024);
    expect(outcome.samples[0]!.data.length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(outcome.dropped).toEqual(Array.from({ length: 13 }, () => 'incomplete'));
  });
});

describe('AV1', () => {
  const pictures = () => encode({ seconds: 1, codec: '-c:v libaom-av1 -cpu-used 8 -g 10 -lag-in-frames 0' });

  it.each([
    ['units', () => Uint8Array.from({ length: 50_000 }, (_, i) => (i % 2 === 0 ? 0x32 : 0))],
    ['pictures', () => Uint8Array.from(Array.from({ length: 2000 }, () => [0x12, 0, 0x32, 1, 0x30]).flat())],
  ])('more %s of AV1 than anybody sends are a broken message', async (_what, data) => {
    const { track, samples } = await pictures();
    const messages = change(messagesOf(samples), (message, i) =>
      i === 5 ? [withData({ ...message, claimed: false }, data()), message] : [message],
    );
    const outcome = assemble('av1', [track.configuration, ...messages]);
    expect(outcome.dropped).toEqual(['broken']);
    expect(content(outcome)).toEqual(content({ samples }));
  });
});
