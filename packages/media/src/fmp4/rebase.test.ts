import { describe, expect, it } from 'vitest';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../bitstream/index.js';
import {
  firstDecodeTime,
  numberTracks,
  readFragments,
  readInitSegment,
  shiftFragments,
  writeFragment,
  writeInitSegment,
} from './index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const VIDEO = videoTrackFromConfiguration(
  'h264',
  hex('0164001effe100196764001eacd940a42fe224c04400000fa40003a9803c58b65801000668ebe3cb22c0fdf8f800'),
);
const init = readInitSegment(writeInitSegment(numberTracks([VIDEO, audioTrackFromConfiguration('aac', hex('1190'))])));
const sample = { durationTicks: 3000, compositionOffsetTicks: 6000, keyframe: true, data: hex('0102') };
const fragment = (ms: number) =>
  writeFragment({
    sequenceNumber: 1,
    segmentStart: true,
    tracks: [
      { trackId: 1, baseDecodeTime: ms * 90, samples: [sample] },
      { trackId: 2, baseDecodeTime: ms * 48, samples: [{ ...sample, compositionOffsetTicks: 0 }] },
    ],
  });

describe('moving fragments on their timeline', () => {
  it('moves every track by the same time and changes nothing else', () => {
    const bytes = Uint8Array.from(Buffer.concat([fragment(60_000), fragment(60_250)]));
    const before = readFragments(init, bytes);
    const size = bytes.length;
    expect(firstDecodeTime(init, bytes)).toBe(60_000);
    shiftFragments(init, bytes, -60_000);
    const after = readFragments(init, bytes);
    expect(bytes.length).toBe(size);
    expect(after.map(({ dtsTicks }) => dtsTicks)).toEqual([0, 0, 250 * 90, 250 * 48]);
    expect(after.map(({ dtsTicks, ptsTicks, data, keyframe }) => [ptsTicks - dtsTicks, [...data], keyframe])).toEqual(
      before.map(({ dtsTicks, ptsTicks, data, keyframe }) => [ptsTicks - dtsTicks, [...data], keyframe]),
    );
  });

  it('works past 32 bits of ticks, never goes below 0, and knows when there is nothing', () => {
    const days = 30 * 86_400_000;
    const bytes = fragment(days);
    shiftFragments(init, bytes, 500);
    expect(firstDecodeTime(init, bytes)).toBe(days + 500);
    shiftFragments(init, bytes, -2 * days);
    expect(firstDecodeTime(init, bytes)).toBe(0);
    expect(firstDecodeTime(init, new Uint8Array())).toBeNull();
  });
});
