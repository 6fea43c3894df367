import { expect, it } from 'vitest';
import { recoveryPoint } from '../bitstream/sei.js';
import { assemble, encode, messagesOf, unitsOf } from '../bitstream/testing/published.js';
import { readFragments, readInitSegment } from '../fmp4/index.js';
import { setUp } from './testing/setup.js';

const IDR = 5;
const typesOf = (data: Uint8Array): number[] => unitsOf(data).map((unit) => unit[0]! & 31);
const saysEntry = (data: Uint8Array): boolean =>
  unitsOf(data).some((unit) => (unit[0]! & 31) === 6 && recoveryPoint(unit.subarray(1), 'h264') !== null);

it('segments begin with IDR pictures where groups are open, and nothing else in them says to be a place to begin', async () => {
  const { track, samples } = await encode({
    seconds: 9,
    codec: '-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=26:min-keyint=26:scenecut=0:b-adapt=0',
  });
  const sent = assemble('h264', [track.configuration, ...messagesOf(samples)]).samples;
  const { packager, store, feed, infos } = setUp([track]);
  feed(sent);
  await packager.end();

  const init = readInitSegment((await packager.resource('init-0.mp4'))!.bytes);
  const segments = infos.map(({ name }) => readFragments(init, store.objects.get(name)!));
  expect(segments.length).toBeGreaterThan(3);
  for (const segment of segments) {
    expect(segment.map(({ keyframe }) => keyframe)).toEqual(segment.map((_, i) => i === 0));
    expect(typesOf(segment[0]!.data)).toContain(IDR);
    expect(segment.slice(1).filter(({ data }) => saysEntry(data) || typesOf(data).includes(IDR))).toEqual([]);
  }
  // A keyframe a second, a segment two seconds long: between them the pictures behind a keyframe can be decoded, and stay.
  const leading = sent.filter((sample) => sample.leading).length;
  const { dropped } = packager.stats();
  expect(dropped.leading).toBeGreaterThan(0);
  expect(dropped.leading).toBeLessThan(leading);
  expect(segments.flat()).toHaveLength(sent.length - dropped.leading);
});
