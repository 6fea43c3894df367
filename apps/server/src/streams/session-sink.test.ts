import { describe, expect, it } from 'vitest';
import { SessionSink } from './session-sink.js';

function promisesOf(metadata: Record<string, unknown>): readonly string[] {
  const told: string[] = [];
  const sink = new SessionSink({
    ...{ track() {}, sample() {}, trouble() {}, encoder() {}, end() {} },
    promises: (kinds) => told.push(...kinds),
  });
  sink.onMetadata(metadata);
  return told;
}

describe('the metadata of a publisher', () => {
  it.each([
    ['numbers of FLV', { videocodecid: 7, audiocodecid: 10 }, ['video', 'audio']],
    ['four characters', { videocodecid: 'avc1', audiocodecid: 'mp4a' }, ['video', 'audio']],
    ['numbers made of them', { videocodecid: 0x68766331 }, ['video']],
    ['a codec and none', { videocodecid: 7, audiocodecid: 0 }, ['video']],
    ['nothing of codecs', { width: 640, encoder: 'test' }, []],
    ['what is none', { videocodecid: {}, audiocodecid: null }, []],
  ])('promise the kinds whose codecs they name: %s', (_what, metadata, kinds) => {
    expect(promisesOf(metadata)).toEqual(kinds);
  });
});
